"""The lists and what is known of one thing, for every resource."""

from collections.abc import Callable
from typing import IO, Any
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from api import answers, caching, dictionary, facets, paging, questions, ranges, schema, spool, tables, values
from api.lists import List, ResourceList
from api.problems import Problem, Refused, Wrong
from api.questions import Fields, Question
from api.schema import Components, Schema
from api.snapshot import one_state
from api.views.reading import MEDIA_TYPES, AnswerView
from publishing import reading
from publishing.models import PublicationState, Publishable
from publishing.reading import NothingThere
from publishing.resource import Resource, registry

OF_A_PAGE = ("page_size", "cursor", "count")
# What may differ between the pages of one list.
NOT_OF_THE_LIST = (*OF_A_PAGE, "fields", "lang", "format")


class ListView(AnswerView):
    """One list: a page of it, or all of it as a file."""

    listed: List
    parameters: Fields

    @classmethod
    def of(cls, listed: List) -> Callable[..., HttpResponseBase]:
        """Return the view of one list."""
        own: type[ListView] = type(
            f"{cls.__name__}_{listed.slug}", (cls,), {"listed": listed, "parameters": listed.all_parameters()}
        )
        return own.as_view()

    def get(self, request: Request) -> HttpResponseBase:
        given, understood = questions.read(request, self.parameters)
        understood |= self.listed.pins(understood, now=timezone.now())
        self._check_format(understood)
        self.check_accepted(request, understood.get("format", "json"))
        with one_state(understood):
            question = questions.settle(given, understood, now=timezone.now())
            etag = self.etag(request, question, *self.listed.depends_on())
            if caching.is_known(request._request, etag):
                return self.cached(caching.not_modified(), question, etag)
            if question.format == "json":
                return self.cached(self._page(request, question), question, etag)
            return self.cached(self._file(request, question, etag), question, etag)

    def _check_format(self, understood: dict[str, Any]) -> None:
        format = understood.get("format", "json")
        takes = {"csv": ("headers", "bom"), "xlsx": ("headers",)}.get(format, ())
        detail = _("%(name)s is for files: it goes with format=csv, and headers with format=xlsx as well.")
        if wrong := [
            Wrong(name, detail % {"name": name})
            for name in questions.file_parameters()
            if name in understood and name not in takes
        ]:
            raise Refused(wrong)
        if format != "json":
            detail = _("A file is the whole list, so it takes no %(name)s.")
            wrong = [Wrong(name, detail % {"name": name}) for name in OF_A_PAGE if name in understood]
            if wrong:
                raise Refused(wrong)

    def _page(self, request: Request, question: Question) -> HttpResponse:
        of = paging.digest(
            {"list": self.listed.name}
            | {name: text for name, text in question.given.items() if name not in NOT_OF_THE_LIST}
        )
        cursor = question.values.get("cursor")
        place = paging.read(cursor, of=of) if cursor else None
        rows, key = self.listed.rows(question)
        page = paging.page(
            rows,
            self.listed.order(question),
            key=key,
            size=question.values.get("page_size", questions.PAGE_SIZE),
            place=place,
        )

        def link(place: paging.Place | None) -> str | None:
            if place is None:
                return None
            parameters = {**question.given, "cursor": paging.write(place, of=of)}
            return questions.absolute(f"{request.path}?{urlencode(parameters)}")

        body = {
            "next": link(page.following),
            "previous": link(page.preceding),
            **({"count": rows.count()} if question.values.get("count") else {}),
            **self.listed.envelope(question),
            "results": self.listed.results(page.keys, question),
        }
        return HttpResponse(orjson.dumps(body), content_type=MEDIA_TYPES["json"])

    def _file(self, request: Request, question: Question, etag: str) -> HttpResponseBase:
        format = question.format
        path = spool.kept(
            settings.DATA_DIR / "exports",
            f"{etag[1:-1]}.{format}",
            lambda target: self._write(target, question),
            space=settings.EXPORTS_SPACE,
        )
        response = ranges.send(
            request._request,
            path,
            name=f"{self.listed.slug}-{question.asked.version}.{format}",
            media_type=f"{MEDIA_TYPES[format]}; charset=utf-8" if format == "csv" else MEDIA_TYPES[format],
            etag=etag,
        )
        response.headers["Link"] = ", ".join(
            f'<{address}>; rel="{relation}"' for relation, address in self._about(question).items()
        )
        return response

    def _write(self, target: IO[bytes], question: Question) -> None:
        if question.format == "jsonl":
            tables.write_json_lines(target, self.listed, question)
            return
        columns = [
            column for column in self.listed.columns() if question.fields is None or column.key in question.fields
        ]
        labels = question.values.get("headers") == "labels"
        if question.format == "csv":
            mark = question.values.get("bom", True)
            tables.write_csv(target, self.listed, question, columns=columns, labels=labels, mark=mark)
            return
        told = [
            tables.Sheet("dictionary", dictionary.table(self.listed.entries())),
            tables.Sheet("about", [[relation, address] for relation, address in self._about(question).items()]),
        ]
        tables.write_workbook(target, self.listed, question, columns=columns, labels=labels, about=told)

    def _about(self, question: Question) -> dict[str, str]:
        """Return where to read what a file holds: by relation, as links name it."""
        pins: dict[str, Any] = {}
        if "version" in self.parameters and "known_at" not in question.given:
            pins = {"version": question.asked.version, "as_of": question.asked.as_of.isoformat()}
        cited = urlencode({**question.given, **pins})
        return {
            "cite-as": questions.absolute(f"/api/v1/{self.listed.name}/?{cited}"),
            "describedby": questions.absolute("/api/schema/"),
            "license": dictionary.LICENCE["path"],
        }

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        page = schema.list_envelope(self.listed.describe_result(components), self.listed.describe_envelope())
        filters = self.listed.filters()
        # What is a filter here, such as `lang` of sources, is described as one.
        parameters = {name: value for name, value in self.listed.parameters().items() if name not in filters}
        return schema.operation(
            components,
            id=f"list_{self.listed.slug}",
            tag=self.listed.name,
            summary=_("List: %(what)s") % {"what": self.listed.title},
            description=str(self.listed.help),
            parameters=[
                *schema.shared_parameters(components, parameters, own=("ordering", "fields", "documents")),
                *schema.filter_parameters(filters),
            ],
            ok=schema.answer(
                _("A page of the list, or all of it as a file."),
                {
                    MEDIA_TYPES["json"]: page,
                    MEDIA_TYPES["csv"]: {"type": "string"},
                    MEDIA_TYPES["jsonl"]: {"type": "string"},
                    MEDIA_TYPES["xlsx"]: {"type": "string", "format": "binary"},
                },
            ),
            problems=(400, 406),
        )


class FacetsView(AnswerView):
    """How what a list finds is spread."""

    listed: ResourceList
    parameters: Fields

    @classmethod
    def of(cls, listed: ResourceList) -> Callable[..., HttpResponseBase]:
        """Return the view of the facets of one list."""
        parameters = {
            name: each
            for name, each in listed.all_parameters().items()
            if name not in (*OF_A_PAGE, "fields", "ordering", *questions.file_parameters())
        } | questions.format_parameter(["json"])
        own: type[FacetsView] = type(
            f"{cls.__name__}_{listed.slug}", (cls,), {"listed": listed, "parameters": parameters}
        )
        return own.as_view()

    def get(self, request: Request) -> HttpResponseBase:
        given, understood = questions.read(request, self.parameters)
        self.check_accepted(request, "json")
        with one_state(understood):
            question = questions.settle(given, understood, now=timezone.now())
            etag = self.etag(request, question, *self.listed.depends_on())
            if caching.is_known(request._request, etag):
                return self.cached(caching.not_modified(), question, etag)
            body = facets.count(self.listed, question)
        return self.cached(HttpResponse(orjson.dumps(body), content_type=MEDIA_TYPES["json"]), question, etag)

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        names = facets.facets_of(self.listed.resource)
        own = questions.format_parameter(["json"])
        shared = {
            name: value
            for name, value in self.listed.parameters().items()
            if name in self.parameters and name not in own and name not in self.listed.filters()
        }
        return schema.operation(
            components,
            id=f"facets_{self.listed.slug}",
            tag=self.listed.name,
            summary=_("Facets: %(what)s") % {"what": self.listed.title},
            description=_(
                "How many there are of each status, instrument, actor, country, theme and year, under the same filters"
                " as the list. A record with several themes counts for each, and for what is broader. Rates stand with"
                " their counts and with the share that nobody has assessed."
            ),
            parameters=[
                *schema.shared_parameters(components, shared, own=()),
                *schema.shared_parameters(components, own, own=("format",)),
                *schema.filter_parameters(self.listed.filters()),
            ],
            ok=schema.answer(_("The counts."), {MEDIA_TYPES["json"]: schema.facets_schema(names)}),
            problems=(400, 406),
        )


class DetailView(AnswerView):
    """What is known of one thing, with what stands beside it."""

    resource: type[Resource]
    parameters: Fields

    @classmethod
    def of(cls, resource: type[Resource]) -> Callable[..., HttpResponseBase]:
        """Return the view of one resource."""
        parameters = {
            **questions.fields_parameter(answers.detail_keys(resource)),
            **questions.format_parameter(["json"]),
            **questions.language_parameter(),
            **questions.pinning_parameters(),
        }
        own: type[DetailView] = type(
            f"{cls.__name__}_{resource.name}", (cls,), {"resource": resource, "parameters": parameters}
        )
        return own.as_view()

    def get(self, request: Request, ref: str) -> HttpResponseBase:
        given, understood = questions.read(request, self.parameters)
        self.check_accepted(request, "json")
        with one_state(understood):
            question = questions.settle(given, understood, now=timezone.now())
            etag = self.etag(request, question)
            if caching.is_known(request._request, etag):
                return self.cached(caching.not_modified(), question, etag)
            body = self._body(ref, question)
        return self.cached(HttpResponse(orjson.dumps(body), content_type=MEDIA_TYPES["json"]), question, etag)

    def _body(self, ref: str, question: Question) -> dict[str, Any]:
        kinds = [kind.name for kind in self.resource.kinds()]
        try:
            thing = reading.find(ref, resources=kinds, version=question.asked.version)
        except NothingThere as nothing:
            raise elsewhere(ref, kinds, nothing) from nothing
        answer = answers.about(registry[thing.resource], thing.pk, question.asked, fields=question.fields)
        if answer is None:
            raise Problem(
                404,
                NothingThere.code,
                _("“%(ref)s” was not public at the data version %(version)d.")
                % {"ref": ref, "version": question.asked.named},
            )
        cited = {"version": str(question.asked.version), "as_of": question.asked.as_of.isoformat()}
        answer |= {
            "version": question.asked.version,
            "as_of": question.asked.as_of.isoformat(),
            "citation_url": f"{answer['url']}?{urlencode(cited)}",
            "proof_url": f"{answer['url']}proof/?{urlencode(cited)}",
        }
        return answers.chosen(answer, question.fields)

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        name = self.resource.name
        ref = values.RefValue([name])
        return schema.operation(
            components,
            id=f"get_{name}",
            tag=name,
            summary=_("One of: %(what)s") % {"what": self.resource.model._meta.verbose_name_plural},
            description=_("All that is known of one, with what stands beside it, in one answer."),
            parameters=[
                schema.parameter("ref", ref, _("Its permanent id."), where="path"),
                *schema.shared_parameters(components, self.parameters, own=("fields", "format")),
            ],
            ok=schema.answer(_("All that is known of one."), {MEDIA_TYPES["json"]: components.detail(self.resource)}),
            problems=(400, 404, 406, 410),
            leads_on=True,
        )


def elsewhere(ref: str, kinds: list[str], nothing: NothingThere) -> Problem:
    """Return the problem of a ref that is not in a collection: it says where it is, or which one is most like it."""
    other = Publishable.objects.filter(ref=ref, state=PublicationState.PUBLISHED).values_list("resource", flat=True)
    if resource := other.first():
        url = answers.address(resource, ref)
        detail = _("“%(ref)s” is among the %(resource)s: %(url)s") % {"ref": ref, "resource": resource, "url": url}
        return Problem(404, "is_elsewhere", detail, members={"url": url})
    if near := questions.nearest_ref(ref, kinds):
        detail = _("There is no “%(ref)s” here; did you mean “%(likely)s”?") % {"ref": ref, "likely": near}
        return Problem(404, nothing.code, detail, members={"url": answers.address(_kind_of(near), near)})
    return Problem(404, nothing.code, str(nothing))


def _kind_of(ref: str) -> str:
    return Publishable.objects.values_list("resource", flat=True).get(ref=ref)
