"""Everything that goes wrong, as problem details (RFC 9457), in one shape and in one place."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAcceptable
from rest_framework.request import Request

from publishing.errors import DomainError
from publishing.reading import Merged, NothingThere, Unpublished, leading_on

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: gettext_lazy("The question cannot be answered as it is asked"),
    401: gettext_lazy("The key is not valid"),
    404: gettext_lazy("Nothing is there"),
    405: gettext_lazy("That cannot be done here"),
    406: gettext_lazy("The answer cannot be given in that format"),
    410: gettext_lazy("It was unpublished"),
    413: gettext_lazy("Too much was sent at once"),
    415: gettext_lazy("It cannot be read in that format"),
    429: gettext_lazy("Too much was asked for in a short time"),
    500: gettext_lazy("A fault of ours"),
}
# What is not named here is a question that makes no sense: 400.
STATUS_OF: dict[type[DomainError], int] = {NothingThere: 404, Unpublished: 410}

logger = logging.getLogger("django.request")


class Wrong(NamedTuple):
    """One parameter that cannot be answered, and why, in a sentence."""

    parameter: str
    detail: str


class Problem(Exception):
    """An answer that is a problem. `members` are added to its body, `headers` to what stands above it."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Wrong] = (),
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.members = members or {}
        self.headers = headers or {}


class Refused(Problem):
    """Parameters that are unknown, doubled, empty or senseless."""

    def __init__(self, errors: Sequence[Wrong], *, code: str = "senseless_parameters"):
        super().__init__(400, code, " ".join(f"{wrong.parameter}: {wrong.detail}" for wrong in errors), errors=errors)


def answer(exception: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Turn whatever a view raised into an answer. Django REST framework calls it as its exception handler."""
    request: Request = context["request"]
    if isinstance(exception, Merged):
        return lead_on(leading_on(request.get_full_path(), exception))
    problem = problem_of(exception)
    response = respond(problem, path=request.get_full_path())
    if isinstance(exception, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(context["view"].allowed_methods)
    if problem.status == 500:
        got_request_exception.send(sender=None, request=request._request)
        logger.error("%s: %s", response.reason_phrase, request.path, exc_info=exception, extra={"status_code": 500})
    return response


def lead_on(path: str) -> HttpResponse:
    """Return the answer that what was asked for is now at another path. It may be undone, so caches ask again."""
    response = HttpResponsePermanentRedirect(f"{settings.BASE_URL}{path}")
    response.headers["Cache-Control"] = "no-cache"
    return response


def problem_of(exception: Exception) -> Problem:
    """Return the problem that an exception stands for; one that nobody foresaw is a 500."""
    match exception:
        case Problem():
            return exception
        case DomainError():
            return _of_domain(exception)
        case MethodNotAllowed():
            return Problem(405, "method_not_allowed", _("That cannot be done here; the header Allow names what can."))
        case NotAcceptable():
            return Problem(
                406, "not_acceptable", _("Ask for application/json, or leave the header Accept out; see `format`.")
            )
        case Http404():
            return Problem(404, "nothing_there", _("There is nothing at this address."))
        case APIException() if exception.status_code < 500:
            return Problem(exception.status_code, str(exception.default_code), str(exception.detail))
        case SuspiciousOperation() | BadRequest():
            return Problem(400, "bad_request", _("The address cannot be read: it has too many or broken parameters."))
    return Problem(500, "internal_error", _("Something went wrong here. It has been noted; please try again later."))


def _of_domain(error: DomainError) -> Problem:
    status = next((status for kind, status in STATUS_OF.items() if isinstance(error, kind)), 400)
    members: dict[str, Any] = {name: error.params[name] for name in ("note_en", "note_zh") if name in error.params}
    parameter = error.params.get("parameter")
    errors = [Wrong(parameter, str(error))] if parameter else []
    return Problem(status, error.code, str(error), errors=errors, members=members)


def respond(problem: Problem, *, path: str) -> HttpResponse:
    """Return the problem as an answer to a request for `path`."""
    body = {
        "type": f"{settings.BASE_URL}/api/docs/#problem-{problem.code}",
        "title": str(TITLES.get(problem.status, TITLES[400])),
        "status": problem.status,
        "detail": problem.detail,
        "instance": path,
        "code": problem.code,
        **problem.members,
    }
    if problem.errors:
        body["errors"] = [wrong._asdict() for wrong in problem.errors]
    response = HttpResponse(orjson.dumps(body), content_type=MEDIA_TYPE, status=problem.status, headers=problem.headers)
    # These are no answers to the address, but to who asked, or to the moment.
    response.headers["Cache-Control"] = "no-store" if problem.status in (401, 429, 500) else "no-cache"
    return response
