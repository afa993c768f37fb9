"""How to cite one thing, or what a question finds, in several styles."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request

from api import answers, questions, schema, values
from api.lists import ResourceList
from api.questions import Fields, Question
from api.schema import TEXT, Components, Schema
from api.views.lists import NOT_OF_THE_LIST
from api.views.reading import AnswerView
from api.views.things import ThingView, not_public_then, point_of
from publishing import citing, reading
from publishing.models import Change
from publishing.reading import Answer
from publishing.resource import registry
from publishing.words import day_in_words, words
from tracking.statuses import STATUSES

OWN: Fields = {
    "style": values.Word(
        citing.STYLES, help_text=gettext_lazy("Style of the citation; apa if left out. csl-json is for programs.")
    )
}


class CitationView(AnswerView, ABC):
    """A citation with an address that answers the same for ever."""

    def get(self, request: Request, **named: str) -> HttpResponseBase:
        given, understood = questions.read(request, self.parameters)
        style = understood.pop("style", None) or "apa"
        media_type = citing.MEDIA_TYPES[style]
        if not request._request.accepts(media_type.partition(";")[0]):
            raise NotAcceptable()

        def cite(question: Question, _etag: str) -> HttpResponse:
            return HttpResponse(citing.cite(self.cited(question, **named), style=style), content_type=media_type)

        return self.answered(request, cite, given=given, understood=understood)

    @abstractmethod
    def cited(self, question: Question, **named: str) -> dict[str, Any]:
        """Return what is cited as an item of CSL-JSON."""

    def describe_answer(self) -> Schema:
        """Return the description of a citation."""
        content = {media_type.partition(";")[0]: TEXT for media_type in citing.MEDIA_TYPES.values()}
        content[citing.MEDIA_TYPES["csl-json"]] = {"type": "array", "items": {"type": "object"}}
        return schema.answer(_("The citation."), content)


class ThingCitationView(CitationView, ThingView):
    """How to cite one thing as it stands, or stood."""

    parameters = {**OWN, **questions.language_parameter(), **questions.pinning_parameters()}

    def cited(self, question: Question, **named: str) -> dict[str, Any]:
        ref = named["ref"]
        thing = self.find(ref, question)
        found = reading.present(registry[thing.resource], [thing.pk], question.asked)
        if not found:
            raise not_public_then(ref, question)
        places = answers.places(thing.resource, ref)
        page = places.get("page_zh" if _is_chinese() else "page_en", places["url"])
        return _item(
            question,
            key=ref,
            kind="webpage",
            title=_title_of(thing.resource, found[0], question),
            url=f"{page}?{urlencode(point_of(question))}",
        )

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        name = self.resource.name
        return schema.operation(
            components,
            id=f"cite_{name}",
            tag=name,
            summary=_("Citation of one of: %(what)s") % {"what": self.resource.model._meta.verbose_name_plural},
            description=_("How to cite it, with an address that answers the same for ever."),
            parameters=[
                schema.parameter("ref", values.RefValue([name]), _("Its permanent id."), where="path"),
                *schema.shared_parameters(components, self.parameters, own=()),
            ],
            ok=self.describe_answer(),
            problems=(400, 404, 406, 410),
            leads_on=True,
        )


class ListCitationView(CitationView):
    """How to cite what a list finds under filters."""

    listed: ResourceList

    @classmethod
    def of(cls, listed: ResourceList) -> Callable[..., HttpResponseBase]:
        """Return the view of one list."""
        parameters = {name: each for name, each in listed.all_parameters().items() if name not in NOT_OF_THE_LIST}
        own: type[ListCitationView] = type(
            f"{cls.__name__}_{listed.slug}",
            (cls,),
            {"listed": listed, "parameters": OWN | parameters | questions.language_parameter()},
        )
        return own.as_view()

    def cited(self, question: Question, **named: str) -> dict[str, Any]:
        self.listed.rows(question)  # refuses refs that are not there
        pins = (*OWN, "lang", *questions.pinning_parameters())
        asked = {name: text for name, text in question.given.items() if name not in pins}
        told = ", ".join(f"{name}={text}" for name, text in asked.items())
        what = f"{self.listed.title}: {told}" if told else str(self.listed.title)
        address = questions.absolute(f"/api/v1/{self.listed.name}/?{urlencode({**asked, **point_of(question)})}")
        version = {"what": what, "version": question.asked.version}
        return _item(
            question,
            key=f"pactwatch-{self.listed.slug}-{question.asked.version}",
            kind="dataset",
            title=_("%(what)s [data version %(version)d]") % version,
            url=address,
        )

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        filters = self.listed.filters()
        shared = {name: each for name, each in self.parameters.items() if name not in filters}
        return schema.operation(
            components,
            id=f"cite_list_{self.listed.slug}",
            tag=self.listed.name,
            summary=_("Citation of a list: %(what)s") % {"what": self.listed.title},
            description=_("How to cite what the list finds under the same filters."),
            parameters=[
                *schema.shared_parameters(components, shared, own=("ordering",)),
                *schema.filter_parameters(filters),
            ],
            ok=self.describe_answer(),
            problems=(400, 406),
        )


def _title_of(resource: str, answer: Answer, question: Question) -> str:
    """Return what is cited in the reader's language: who, what, and of a record its status."""
    title = words(answer, registry[resource].label).text
    if actor := answer.get("actor"):
        named = reading.labels([actor], version=question.asked.version).get(actor)
        who = words(named, registry[named["resource"]].label).text if named else actor
        title = _("%(who)s: %(what)s") % {"who": who, "what": title}
    told: dict[str, Any] = {"what": title, "version": question.asked.version}
    if "status" not in registry[resource].computed:
        return _("%(what)s [data version %(version)d]") % told
    told |= {"status": STATUSES[answer["status"]].label, "day": day_in_words(question.asked.as_of)}
    return _("%(what)s [%(status)s on %(day)s; data version %(version)d]") % told


def _item(question: Question, *, key: str, kind: str, title: str, url: str) -> dict[str, Any]:
    return citing.item(
        key=key,
        kind=kind,
        title=title,
        url=url,
        version=question.asked.version,
        published=_recorded_on(question.asked.version),
        read=question.asked.as_of if question.live else None,
        language="zh-CN" if _is_chinese() else "en-GB",
    )


def _recorded_on(version: int) -> date | None:
    recorded = Change.objects.filter(last_seq=version).values_list("recorded_at", flat=True).first()
    return recorded.astimezone(UTC).date() if recorded else None


def _is_chinese() -> bool:
    return (translation.get_language() or "").startswith("zh")
