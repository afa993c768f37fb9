"""When an answer is still the one that a reader has: strong ETags that are known before anything is read."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.http import HttpResponse
from django.http.request import HttpRequest
from django.utils.http import parse_etags

# What was asked for by version is the same for ever, unless it is unpublished: that must soon be seen.
PINNED = "public, max-age=300"
LIVE = "public, no-cache"


@cache
def release() -> str:
    """Return a short hash of the code and the catalogues that answers are made with: another release answers anew."""
    root = Path(settings.BASE_DIR)
    ours = [root / "locale", *(Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent == root)]
    digest = hashlib.sha256()
    for path in sorted(path for folder in ours for path in folder.rglob("*") if path.suffix in (".py", ".mo", ".sql")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def etag_of(request: HttpRequest, *, parts: Iterable[object]) -> str:
    """Return the strong ETag of the answer to a request: of its address and of all else that the answer depends on."""
    whole = "\n".join([request.get_full_path(), release(), *(str(part) for part in parts)])
    return f'"{hashlib.sha256(whole.encode()).hexdigest()[:32]}"'


def is_known(request: HttpRequest, etag: str) -> bool:
    """Return whether the reader has the answer already.

    If-None-Match compares weakly, so a W/ that a proxy has put before it does not matter.
    Source: RFC 9110, section 13.1.2.
    """
    given = request.headers.get("If-None-Match", "")
    return any(each in ("*", etag) for each in (each.removeprefix("W/") for each in parse_etags(given)))


def not_modified() -> HttpResponse:
    """Return the answer to a reader who has it already."""
    response = HttpResponse(status=304)
    del response.headers["Content-Type"]
    return response
