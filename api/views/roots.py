"""The first address, the description of the API, and what answers where nothing is."""

from functools import cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request

from api import caching, questions, schema
from api.lists import List
from api.problems import Problem
from api.schema import ADDRESS, POSITION, TEXT, Components, Schema
from api.snapshot import one_state
from api.views.reading import MEDIA_TYPES, AnswerView, PublicView
from publishing.fields import nearest


class RootView(AnswerView):
    """What there is."""

    lists: list[List] = []
    parameters = questions.language_parameter()

    def get(self, request: Request) -> HttpResponseBase:
        """Name every list with its address and what it holds."""
        given, understood = questions.read(request, self.parameters)
        self.check_accepted(request, "json")
        with one_state():
            question = questions.settle(given, understood, now=timezone.now())
            etag = self.etag(request, question)
        if caching.is_known(request._request, etag):
            return self.cached(caching.not_modified(), question, etag)
        body = {
            "version": question.asked.version,
            "schema": questions.absolute("/api/schema/"),
            "docs": questions.absolute("/api/docs/"),
            "lists": {
                each.name: {"url": questions.absolute(f"/api/v1/{each.name}/"), "help": str(each.help)}
                for each in self.lists
            },
        }
        return self.cached(HttpResponse(orjson.dumps(body), content_type=MEDIA_TYPES["json"]), question, etag)

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        one = {"type": "object", "properties": {"url": ADDRESS, "help": TEXT}}
        body = {
            "type": "object",
            "properties": {
                "version": POSITION,
                "schema": ADDRESS,
                "docs": ADDRESS,
                "lists": {"type": "object", "additionalProperties": one},
            },
        }
        return schema.operation(
            components,
            id="root",
            tag="root",
            summary=_("What there is"),
            description=_("Every list with its address and what it holds."),
            parameters=schema.shared_parameters(components, self.parameters, own=()),
            ok=schema.answer(_("Every list."), {MEDIA_TYPES["json"]: body}),
            problems=(400, 406),
        )


class DescriptionView(PublicView):
    """The description of the API in OpenAPI 3.1, as YAML or JSON."""

    parameters = {**questions.format_parameter(["yaml", "json"]), **questions.language_parameter()}

    def get(self, request: Request) -> HttpResponse:
        """Return the description, in the reader's language."""
        _given, understood = questions.read(request, self.parameters)
        language = translation.get_language() or "en"
        format = understood.get("format") or ("json" if wants_json(request._request) else "yaml")
        etag = caching.etag_of(request._request, parts=(language, format))
        response = caching.not_modified() if caching.is_known(request._request, etag) else described(language, format)
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = caching.LIVE
        return response


def wants_json(request: HttpRequest) -> bool:
    """Return whether the header Accept takes JSON and no YAML."""
    return request.accepts("application/json") and not request.accepts(OpenApiYamlRenderer.media_type)


@cache
def description(language: str) -> dict[str, Any]:
    """Return the whole description in a language. It is made once for each."""
    with translation.override(language):
        return SchemaGenerator().get_schema(request=None, public=True)


def described(language: str, format: str) -> HttpResponse:
    """Return the description as an answer."""
    renderer = OpenApiJsonRenderer() if format == "json" else OpenApiYamlRenderer()
    return HttpResponse(renderer.render(description(language), renderer_context={}), content_type=renderer.media_type)


class DocsView(SpectacularSwaggerSplitView):
    """The description to read and to try, from files of our own."""

    authentication_classes = ()
    permission_classes = ()
    url_name = "api-schema"
    title = "Pactwatch API"


class NowhereView(PublicView):
    """Whatever address is not one of the API's."""

    names: list[str] = []

    def get(self, request: Request, rest: str = "") -> HttpResponse:
        """Answer 404, naming the list that may have been meant."""
        first = rest.removeprefix("v1/").split("/")[0]
        near = nearest(first, self.names)
        if not near:
            raise Problem(404, "nothing_there", _("There is nothing at this address; /api/v1/ lists what there is."))
        url = questions.absolute(f"/api/v1/{near}/")
        detail = _("There is nothing at this address; did you mean %(url)s?") % {"url": url}
        raise Problem(404, "nothing_there", detail, members={"url": url})
