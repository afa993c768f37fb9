"""When an answer is still the one that a reader has: strong ETags that are known before anything is read."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.http import HttpResponse
from django.http.request import HttpRequest
from django.utils.http import parse_etags

from api.state import State

# What was asked for by version is the same for ever, unless it is unpublished: that must soon be seen.
PINNED = "public, max-age=300"
LIVE = "public, no-cache"
# Where a request keeps the key under which its answer may be kept; see api/keeping.py.
KEEP_UNDER = "pactwatch.keep_under"
OF_A_BODY = ("Content-Type", "Content-Length")


@cache
def release() -> str:
    """Return a short hash of the code and the catalogues that answers are made with: another release answers anew."""
    root = Path(settings.BASE_DIR)
    ours = [root / "locale", *(Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent == root)]
    digest = hashlib.sha256()
    for path in sorted(path for folder in ours for path in folder.rglob("*") if path.suffix in (".py", ".mo", ".sql")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def state_tag(request: HttpRequest, *, language: str, state: State) -> str:
    """Return the ETag of the answer of the present to a request, which follows from the address and the state alone.

    A reader who shows it was answered in this very state, so the question made sense.
    """
    return etag_of(request, parts=(language, *state))


def etag_of(request: HttpRequest, *, parts: Iterable[object]) -> str:
    """Return the strong ETag of the answer to a request: of its address and of all else that the answer depends on."""
    whole = "\n".join([request.get_full_path(), release(), *(str(part) for part in parts)])
    return f'"{hashlib.sha256(whole.encode()).hexdigest()[:32]}"'


def is_known(request: HttpRequest, etag: str, *, exactly: bool = False) -> bool:
    """Return whether the reader has the answer already; “*” stands for any, unless it must be told `exactly`.

    If-None-Match compares weakly, so a W/ that a proxy has put before it does not matter.
    Source: RFC 9110, section 13.1.2.
    """
    given = request.headers.get("If-None-Match", "")
    known = (etag,) if exactly else ("*", etag)
    return any(each in known for each in (each.removeprefix("W/") for each in parse_etags(given)))


def not_modified(headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return the answer to a reader who has it already; `headers` are those of the whole answer.

    Source: RFC 9110, section 15.4.5.
    """
    response = HttpResponse(status=304)
    for name, value in (headers or {}).items():
        response.headers[name] = value
    for name in OF_A_BODY:
        response.headers.pop(name, None)
    return response
