"""What a request asks: its parameters, all judged at once, and refused when one is unknown or makes no sense."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from api import values
from api.filters import Named, QuestionFilter
from api.languages import LANGUAGES
from api.problems import Refused, Wrong
from api.snapshot import current_state
from api.state import State
from publishing import reading
from publishing.models import Document, PublicationState, Publishable
from publishing.resource import Asked
from publishing.searching import LONGEST

PAGE_SIZE = 50
LARGEST_PAGE = 500
LARGEST_NUMBER = 10**15
FORMATS = ("json", "csv", "xlsx", "jsonl")
NEIGHBOURS = 100
# Looking for what was meant costs time, so no question is told of more faults than this at once.
MOST_WRONG = 20
# From how much likeness on, of 0 to 1, a ref may be what somebody meant.
ALIKE = 0.75
LONGEST_NAME = 100
# U+FFFD stands where bytes of the address were no text.
UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffd]")

Fields = dict[str, values.Value]


@dataclass(frozen=True)
class Question:
    """A request that makes sense.

    `live` asks of the present and nothing else; `moving` answers change by the passing of time alone; `pinned` ones are
    the same for ever. `state` is that of the tracker when it is asked.
    """

    asked: Asked
    state: State
    live: bool
    moving: bool
    pinned: bool
    given: Mapping[str, str]
    values: Mapping[str, Any] = field(repr=False)

    @property
    def format(self) -> str:
        return self.values.get("format") or "json"

    @property
    def fields(self) -> list[str] | None:
        return self.values.get("fields")


def pinning_parameters() -> Fields:
    """Return the parameters that ask for another day, moment or version than the present."""
    return {
        "as_of": values.WholeDay(help_text=_("Day (UTC) whose truth is asked for; today if left out.")),
        "known_at": values.Moment(
            help_text=_("Moment at which the tracker said so: what it knew then, wording included.")
        ),
        "version": values.Whole(
            least=0,
            most=LARGEST_NUMBER,
            help_text=_("Data version (position of the ledger) to answer from; the answer stays the same for ever."),
        ),
    }


def language_parameter() -> Fields:
    return {
        "lang": values.Word(
            LANGUAGES,
            help_text=_("Language of messages; else the header Accept-Language decides. The data have both."),
        )
    }


def format_parameter(formats: Collection[str]) -> Fields:
    """Return the parameter that chooses a format, and those that only files take."""
    return (file_parameters() if "csv" in formats else {}) | {
        "format": values.Word(
            formats, help_text=_("json is a page; csv, xlsx and jsonl are the whole filtered list, as a file.")
        )
    }


def file_parameters() -> Fields:
    """Return the parameters that only files take."""
    return {
        "headers": values.Word(
            ("codes", "labels"),
            help_text=_(
                "Of csv and xlsx: whether the header has the names of the fields (if left out), or labels for readers,"
                " in the language `lang`."
            ),
        ),
        "bom": values.Truth(
            help_text=_("Of csv: whether it begins with the mark by which spreadsheets know UTF-8; true if left out.")
        ),
    }


def fields_parameter(names: Iterable[str]) -> Fields:
    return {"fields": values.Names(names, help_text=_("The fields to answer with, separated by commas."))}


def page_parameters() -> Fields:
    """Return the parameters of every list."""
    return {
        "page_size": values.Whole(
            least=1, most=LARGEST_PAGE, help_text=_("How many results a page has; 50 if left out.")
        ),
        "cursor": values.Words(
            max_length=2_000, help_text=_("Where a page begins: taken from `next` or `previous`, never made up.")
        ),
        "count": values.Truth(help_text=_("Whether to count all results; it costs time in long lists.")),
    }


def ordering_parameter(names: Iterable[str]) -> Fields:
    return {
        "ordering": values.Names(
            names,
            signed=True,
            help_text=_("What to order by, separated by commas; “-” turns it round. Where nothing stands, it is last."),
        )
    }


def search_parameter() -> Fields:
    return {
        "q": values.Words(
            max_length=LONGEST,
            help_text=_(
                'Words to search for in the texts, in English or Chinese; "in quotes" as a phrase, regul* for all that'
                " begin so, -word to leave out what has it."
            ),
        )
    }


def read(request: Request, parameters: Fields) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the parameters of a request as they were given, and what they mean. Each may be there once.

    Raises Refused, naming what is wrong.
    """
    given: dict[str, str] = {}
    understood: dict[str, Any] = {}
    wrong: list[Wrong] = []
    for name, texts in request._request.GET.lists():
        if len(wrong) == MOST_WRONG:
            break
        if UNREADABLE.search(name) or len(name) > LONGEST_NAME:
            wrong.append(Wrong("", gettext("The name of a parameter cannot be read.")))
        elif name not in parameters:
            wrong.append(Wrong(name, values.likely(name, parameters)))
        elif detail := _senseless(texts):
            wrong.append(Wrong(name, detail))
        else:
            try:
                given[name], understood[name] = texts[0], parameters[name].clean(texts[0])
            except ValidationError as invalid:
                wrong.append(Wrong(name, " ".join(invalid.messages)))
    if wrong:
        unknown = all(each.parameter not in parameters for each in wrong)
        raise Refused(wrong, code="unknown_parameter" if unknown else "senseless_parameters")
    return given, understood


def _senseless(texts: list[str]) -> str:
    if len(texts) > 1:
        return gettext("This parameter is there more than once.")
    if not texts[0].strip():
        return gettext("This parameter is empty; leave it out.")
    return gettext("This has characters that no text has.") if UNREADABLE.search(texts[0]) else ""


def settle(given: Mapping[str, str], understood: Mapping[str, Any], *, now: datetime) -> Question:
    """Return the question, settled on a version, a day and a moment. Raises what publishing.reading.ask raises."""
    pins = {name: understood.get(name) for name in ("version", "known_at", "as_of")}
    state = current_state(now=now)
    asked = reading.ask(now=now, last=state.version, **pins)
    moving = asked.moment >= now
    pinned = not moving and (pins["version"] is not None or pins["known_at"] is not None)
    return Question(asked, state, all(pin is None for pin in pins.values()), moving, pinned, given, understood)


def find_refs(filters: Mapping[str, QuestionFilter], understood: Mapping[str, Any], *, version: int) -> Named:
    """Return the things that the refs in filters name at a version. No query without refs, else one or two.

    A ref that had been merged by then names what it was merged into. What was unpublished is known still and finds
    nothing; drafts are unknown. Raises Refused.
    """
    named = {name: each.refs(understood.get(name)) for name, each in filters.items()}
    refs = {ref for given in named.values() for ref in given}
    if not refs:
        return Named({}, {})
    rows = Publishable.objects.filter(ref__in=refs).exclude(state=PublicationState.DRAFT)
    columns = ("ref", "pk", "resource", "merged_into", "merged_into__ref")
    known = {ref: thing for ref, *thing in rows.values_list(*columns)}
    unknown = [
        (name, ref)
        for name, given in named.items()
        for ref in given
        if ref not in known or known[ref][1] not in filters[name].targets
    ]
    if unknown:
        wrong = [Wrong(name, unknown_ref(ref, filters[name].targets)) for name, ref in unknown[:MOST_WRONG]]
        raise Refused(wrong, code="unknown_ref")
    keys = {ref: key for ref, (key, *_others) in known.items()}
    merged = {key: (ref, into, name) for ref, (key, _resource, into, name) in known.items() if into is not None}
    if merged:
        stood = Document.objects.at(version).filter(thing__in=merged).values_list("thing", flat=True)
        gone = [merged[key] for key in merged.keys() - set(stood)]
        keys |= {name: into for _ref, into, name in gone}
        return Named(keys, {ref: name for ref, _into, name in gone})
    return Named(keys, {})


def unknown_ref(ref: str, resources: Collection[str]) -> str:
    """Return the sentence about a ref that nothing public has, naming the nearest one."""
    if near := nearest_ref(ref, resources):
        return gettext("Nothing here is called “%(ref)s”; did you mean “%(likely)s”?") % {"ref": ref, "likely": near}
    return gettext("Nothing here is called “%(ref)s”.") % {"ref": ref}


def nearest_ref(ref: str, resources: Collection[str]) -> str:
    """Return the public ref most like another one, among its neighbours in the alphabet; empty when none is near."""
    public = Publishable.objects.public().filter(resource__in=resources)
    after = public.filter(ref__gte=ref).order_by("ref").values_list("ref", flat=True)[:NEIGHBOURS]
    before = public.filter(ref__lt=ref).order_by("-ref").values_list("ref", flat=True)[:NEIGHBOURS]
    return next(iter(difflib.get_close_matches(ref, [*after, *before], n=1, cutoff=ALIKE)), "")


def absolute(path: str) -> str:
    """Return the address of a path, whatever host the request came to."""
    return f"{settings.BASE_URL}{path}"
