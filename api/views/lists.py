"""The lists and their facets, for every resource."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import IO, Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from api import dictionary, facets, paging, questions, ranges, schema, spool, tables
from api.lists import List, ResourceList
from api.problems import Refused, Wrong
from api.questions import Fields, Question
from api.schema import Components, Schema
from api.views.reading import MEDIA_TYPES, AnswerView, as_json

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
        make = self._page if understood.get("format", "json") == "json" else self._file
        return self.answered(request, partial(make, request), given=given, understood=understood)

    def depends_on(self) -> Sequence[object]:
        return self.listed.depends_on()

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

    def _page(self, request: Request, question: Question, _etag: str) -> HttpResponse:
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
        return as_json(body)

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
        return self.answered(
            request,
            lambda question, _etag: as_json(facets.count(self.listed, question)),
            given=given,
            understood=understood,
        )

    def depends_on(self) -> Sequence[object]:
        return self.listed.depends_on()

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
