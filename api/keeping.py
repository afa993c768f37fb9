"""Whole answers, kept for all processes in the broker's server: given again while the state is the one they are of."""

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.core.cache import caches
from django.db import DEFAULT_DB_ALIAS, DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils import timezone
from redis.exceptions import RedisError

from api import allowances, caching
from api.languages import language_of
from api.problems import Problem
from api.state import state
from api.views.reading import tell_caches, tell_readers

PREFIX = "/api/v1/"
LARGEST = 512 * 1024
SECONDS = 600
PAUSE_WHEN_DOWN = 5.0
# Each answer gets its own of these.
NOT_KEPT = ("RateLimit", "RateLimit-Policy", "X-Request-ID", "Content-Security-Policy")

logger = logging.getLogger(__name__)


class Kept(NamedTuple):
    body: bytes
    headers: dict[str, str]


class KeepingMiddleware:
    """Answer a reader of the API from what is kept, or with 304, after one look at the state of the tracker.

    A view says what may be kept, under `caching.KEEP_UNDER`. The key is a hash of all that the answer follows from, so
    nothing that is kept is ever wrong: it is merely not asked for any more, and goes after some minutes. What is
    refused, or exceeds what a reader may ask for, is left to the view.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asks = settings.KEEP_ANSWERS or "If-None-Match" in request.headers
        if not asks or request.method != "GET" or not request.path.startswith(PREFIX):
            return self.get_response(request)
        found = _found(request)
        if found is not None and _is_afforded(request):
            allowances.settle(request, found)
            request.resolver_match = resolve(request.path_info)  # the log and the metrics name the view
            return found
        response = self.get_response(request)
        if settings.KEEP_ANSWERS and response.status_code == 200 and isinstance(response, HttpResponse):
            _keep(request, response)
        return response


def _found(request: HttpRequest) -> HttpResponse | None:
    language = language_of(request, asked=request.GET.get("lang", ""))
    try:
        current = state(now=timezone.now(), using=DEFAULT_DB_ALIAS)
    except DatabaseError:
        return None  # the view says so
    key = caching.state_tag(request, language=language, state=current)
    if caching.is_known(request, key, exactly=True):
        response = caching.not_modified()
        response.headers["Content-Language"] = language
        tell_caches(response, etag=key, version=current.version, pinned=False)
        tell_readers(response)
        return response
    kept = _asked(lambda: caches["answers"].get(key)) if settings.KEEP_ANSWERS else None
    if kept is None or not request.accepts(kept.headers["Content-Type"]):
        return None
    if caching.is_known(request, kept.headers["ETag"]):
        return caching.not_modified(kept.headers)
    return HttpResponse(kept.body, headers=kept.headers)


def _is_afforded(request: HttpRequest) -> bool:
    try:
        allowances.check(request)
    except Problem:
        return False
    return True


def _keep(request: HttpRequest, response: HttpResponse) -> None:
    key = request.META.get(caching.KEEP_UNDER)
    if key is not None and len(response.content) <= LARGEST:
        headers = {name: value for name, value in response.headers.items() if name not in NOT_KEPT}
        _asked(lambda: caches["answers"].set(key, Kept(response.content, headers), SECONDS))


class _Server:
    down_until = 0.0


def _asked(question: Callable[[], Kept | None]) -> Kept | None:
    """Return what the server has; None while it is down: each answer is then made anew, and the log says so."""
    if time.monotonic() < _Server.down_until:
        return None
    try:
        return question()
    except RedisError as error:
        _Server.down_until = time.monotonic() + PAUSE_WHEN_DOWN
        logger.warning("Answers are not kept, because the server that keeps them does not answer: %s", error)
        return None
