"""What every answer carries, whichever app made it."""

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse

from config.logs import current_request, route_of
from config.metrics import count_request

logger = logging.getLogger("pactwatch.requests")

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)


class RequestMiddleware:
    """Give each request an id, name it in the answer (X-Request-ID), and log and count it when it is answered.

    The line tells the name of the view, never the address: that holds what readers look for, and secret
    links. The monitor's own questions are logged at DEBUG only.
    """

    WATCHERS = ("healthz", "readyz", "metrics")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        token = current_request.set(secrets.token_hex(8))
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = current_request.get()
            seconds = time.monotonic() - began
            method, route, status = request.method or "", route_of(request), response.status_code
            count_request(method=method, route=route, status=status, seconds=seconds)
            told = {"method": method, "route": route, "status": status, "milliseconds": round(seconds * 1000)}
            level = logging.DEBUG if route in self.WATCHERS else logging.INFO
            logger.log(level, "%(method)s %(route)s %(status)d in %(milliseconds)d ms", told, extra=told)
            return response
        finally:
            current_request.reset(token)


class ContentSecurityPolicyMiddleware:
    """Let a page load only what this server sends: no inline script or style, no other host.

    A view that needs another policy (an embed) sets the header itself; it is left as it is.
    Source: https://www.w3.org/TR/CSP3/
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class ForgedForAdminMiddleware:
    """Refuse what no page of the admin sends, and what it would hand to the database: a 400 instead of a fault.

    These are NUL in an address, which PostgreSQL cannot look for, and chosen rows whose keys are no keys. Pages and API
    check their parameters themselves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/admin/") and "%00" in request.META["QUERY_STRING"]:
            raise BadRequest("NUL in the address")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        model_admin = getattr(view, "model_admin", None)
        if model_admin is None or request.method != "POST":
            return
        key = model_admin.model._meta.pk
        for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                key.run_validators(key.to_python(chosen))
            except ValidationError as invalid:
                raise BadRequest("chosen rows that cannot be") from invalid
