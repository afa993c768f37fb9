"""What every address of the API has in common: reading only, no session, one language, one shape of problem."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from rest_framework.exceptions import NotAcceptable
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from api import allowances, caching, problems, questions
from api.languages import language_of
from api.questions import Fields, Question
from api.schema import PublicSchema
from api.snapshot import one_state
from publishing import reading

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
METHODS = "GET, HEAD, OPTIONS"
READ_WITH = "Accept, Accept-Language, Authorization, If-None-Match, Range"
# What a script of another page may read of an answer, beside what every script may.
EXPOSED = ", ".join(
    (
        *("ETag", "Data-Version", "Content-Disposition", "Content-Range", "Accept-Ranges", "Link", "Location"),
        *("RateLimit", "RateLimit-Policy", "Retry-After", "Deprecation", "Sunset", "X-Request-ID"),
    )
)


def as_json(body: Any) -> HttpResponse:
    """Return the answer that holds a body as JSON."""
    return HttpResponse(orjson.dumps(body), content_type=MEDIA_TYPES["json"])


class PublicView(APIView):
    """An address that everybody may read, from any page on the web."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    http_method_names = ["get", "head", "options"]
    schema = PublicSchema()
    cost: int | None = None
    """Units that an answer costs, when that does not follow from the address."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with translation.override(language_of(request)):
            response = super().dispatch(request, *args, **kwargs)
            allowances.settle(request, response)
            response.headers.setdefault("Content-Language", translation.get_language() or "")
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Speak the language that the address asks for; `dispatch` ends it. Refuse who has had too much."""
        super().initial(request, *args, **kwargs)
        translation.activate(language_of(request._request, asked=request._request.GET.get("lang", "")))
        allowances.check(request._request, cost=self.cost)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[JSONRenderer, str]:
        """Formats are asked for by `format`; what the header Accept says is looked at when the format is known."""
        return JSONRenderer(), MEDIA_TYPES["json"]

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], HttpResponse]:
        return problems.answer

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer a browser that asks whether another page's script may read here."""
        response = HttpResponse(status=204)
        response.headers["Allow"] = METHODS
        del response.headers["Content-Type"]
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say to whom the answer may be given; it is whole already."""
        tell_readers(response)
        return response


def tell_readers(response: HttpResponseBase) -> None:
    """Say to whom an answer may be given: to every reader, and every script, of this language."""
    patch_vary_headers(response, ("Accept-Language", "Accept"))
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = METHODS
    response.headers["Access-Control-Allow-Headers"] = READ_WITH
    response.headers["Access-Control-Expose-Headers"] = EXPOSED


def tell_caches(response: HttpResponseBase, *, etag: str, version: int, pinned: bool) -> None:
    """Say which answer it is, and how long it holds."""
    response.headers["ETag"] = etag
    response.headers["Data-Version"] = str(version)
    response.headers["Cache-Control"] = caching.PINNED if pinned else caching.LIVE


class AnswerView(PublicView):
    """An address whose answer follows from the question and the data version."""

    parameters: Fields

    def etag(self, request: Request, question: Question, *parts: object) -> str:
        """Return the ETag of the answer, and let it be kept for as long as the state is the same.

        `parts` are what it depends on beside address, language and state; an answer that has some is not kept.
        """
        language = translation.get_language()
        key = caching.state_tag(request._request, language=language, state=question.state)
        old = "version" in question.given or "known_at" in question.given
        if parts or old and question.moving:
            # What turns at an old version, with the deadlines of then, is in no state of the present.
            whole = (language, *question.state, question.asked.version, question.asked.moment if old else None, *parts)
            return caching.etag_of(request._request, parts=whole)
        request._request.META[caching.KEEP_UNDER] = key
        if question.pinned:
            taken_out = (reading.last_redaction(), reading.unpublished_now())
            whole = (language, question.asked.version, question.asked.as_of, *taken_out)
            return caching.etag_of(request._request, parts=whole)
        return key

    def answered(
        self,
        request: Request,
        make: Callable[[Question, str], HttpResponseBase],
        *,
        given: Mapping[str, str],
        understood: Mapping[str, Any],
    ) -> HttpResponseBase:
        """Return what `make` answers to a question under its ETag, or 304 to a reader who has it.

        All is read from one state.
        """
        with one_state(understood):
            question = questions.settle(given, understood, now=timezone.now())
            etag = self.etag(request, question, *self.depends_on())
            if caching.is_known(request._request, etag):
                return self.cached(caching.not_modified(), question, etag)
            return self.cached(make(question, etag), question, etag)

    def depends_on(self) -> Sequence[object]:
        """Return what the answer depends on beside its address, its language and the state of the tracker."""
        return ()

    def check_accepted(self, request: Request, format: str) -> None:
        """Raise NotAcceptable when the reader will not take the format."""
        if not request._request.accepts(MEDIA_TYPES[format]):
            raise NotAcceptable()

    def citation_url(self, question: Question) -> str:
        """Return what answers the same for ever (RFC 8574): the whole list, where the answer is a page of one."""
        given = {name: text for name, text in question.given.items() if name not in ("cursor", "known_at", "lang")}
        point = "version" if "version" in self.parameters else "to" if "to" in self.parameters else ""
        if point:
            given[point] = str(question.asked.version)
        if "as_of" in self.parameters:
            given["as_of"] = question.asked.as_of.isoformat()
        return questions.absolute(f"{self.request.path}?{urlencode(given)}" if given else self.request.path)

    def cached(self, response: HttpResponseBase, question: Question, etag: str) -> HttpResponseBase:
        """Return the response with what tells a cache how long it holds."""
        tell_caches(response, etag=etag, version=question.asked.version, pinned=question.pinned)
        response.headers.setdefault("Link", f'<{self.citation_url(question)}>; rel="cite-as"')
        return response
