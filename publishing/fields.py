"""The kinds of field that a resource is declared with.

Each field knows four things: the keys that it has in a document and in an import file, how to read them from a row of a
file (`parse`), which columns of the model hold them (`attributes`, `links`), and how to get them back out (`columns`,
`dump`).
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from publishing import bulk
from publishing.dates import PartialDateError, span_of

Words = str | Promise  # a plain or lazily translated text
Report = Callable[[str, str], None]
Ids = Mapping[str, int]

# The look-ups of what is true or false, of what always has a value, of other words and links, and of what has an order.
FLAG = ("exact", "not")
GIVEN = (*FLAG, "in")
IN = (*GIVEN, "isnull")
RANGE = (*IN, "gte", "lte")
DURATION = re.compile(r"P(?:\d+D|\d+W|\d+M|\d+Y)", re.ASCII)
LIST_SEPARATOR = "|"
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word most like `word`, or an empty text when none is near."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.65)), "")


class Field:
    """One public field of a resource.

    `help` says in a sentence what it means; `lookups` are those that a list can be filtered by; `source` is the model's
    attribute when it has another name; `hangs_on` marks a link to what must be public before this can be.
    """

    name: str

    def __init__(
        self,
        help: Words,
        *,
        source: str = "",
        required: bool = False,
        lookups: Sequence[str] = (),
        ordering: bool = False,
        searched: bool = False,
    ):
        self.help = help
        self._source = source
        self.required = required
        self.lookups = tuple(lookups)
        self.ordering = ordering
        self.searched = searched

    def __set_name__(self, owner: type, name: str) -> None:
        # `name`, `label` and the like are attributes of every Resource, so a field of that name is declared as `name_`.
        self.name = name.rstrip("_")
        self.source = self._source or self.name

    def keys(self) -> tuple[str, ...]:
        """Its keys in a document."""
        return (self.name,)

    def import_columns(self) -> tuple[str, ...]:
        """The columns that a file may have for it."""
        return self.keys()

    def parse(self, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        """Read its keys from one row of a file; `report(column, message)` takes what is wrong."""
        return {self.name: self.read(row.get(self.name), report)}

    def read(self, value: Any, report: Report) -> Any:
        """Turn one value of a file into what the document holds: a text, unless the field is of another kind."""
        return read_text(value, self.name, report)

    def columns(self) -> tuple[str, ...]:
        """The paths to ask the model for."""
        return (self.source,)

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Make its part of the document from the values of `columns()`, and of what was gathered under its name."""
        return {self.name: values[self.source]}

    def attributes(self, document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
        """Make the model's attributes from the document."""
        return {self.source: document[self.name]}

    def refs(self, document: Mapping[str, Any]) -> Iterable[tuple[str, str, Collection[str]]]:
        """Yield (column, ref, resources that it may name) of everything that the document's part points to."""
        return ()

    def gather(self, model: type[models.Model], ids: Sequence[int]) -> dict[int, Any] | None:
        """Return what stands in other tables for each owner; None for a field that is all columns."""
        return None

    def store_links(
        self, model: type[models.Model], documents: Mapping[int, Mapping[str, Any]], ids: Ids, *, fresh: bool
    ) -> None:
        """Write what stands in other tables, for documents by their owners' keys; `fresh` owners have nothing there."""


def read_text(value: Any, column: str, report: Report) -> str:
    """Return one text, stripped; anything else is reported."""
    if value is None:
        return ""
    if type(value) is str and value.isprintable():
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, str | int | float | date):
        report(column, _("This must be a text."))
        return ""
    text = str(value).strip()
    if CONTROL_CHARACTERS.search(text):
        report(column, _("This has control characters; remove them."))
        return ""
    return text


class Text(Field):
    """A text, the same in both languages."""

    def __init__(self, help: Words, *, max_length: int | None = None, **options: Any):
        super().__init__(help, **options)
        self.max_length = max_length

    def read(self, value: Any, report: Report) -> str:
        text: str = super().read(value, report)
        if self.required and not text:
            report(self.name, _("This is needed."))
        if self.max_length and len(text) > self.max_length:
            report(self.name, _("This is longer than %(limit)d characters.") % {"limit": self.max_length})
        return text


class Translated(Field):
    """A text in English and Chinese: the columns name_en and name_zh. One of the two is enough with `either`."""

    def __init__(self, help: Words, *, either: bool = False, **options: Any):
        super().__init__(help, **options)
        self.either = either

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Its keys in a document, each with its column."""
        return tuple(zip(self.keys(), self.columns(), strict=True))

    def keys(self) -> tuple[str, ...]:
        return (f"{self.name}_en", f"{self.name}_zh")

    def columns(self) -> tuple[str, ...]:
        return (f"{self.source}_en", f"{self.source}_zh")

    def parse(self, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        texts = {key: read_text(row.get(key), key, report) for key in self.keys()}
        if self.required and self.either and not any(texts.values()):
            report(self.keys()[0], _("This is needed in English or Chinese."))
        elif self.required and not self.either:
            for key in (key for key, text in texts.items() if not text):
                report(key, _("This is needed."))
        return texts

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {key: values[column] for key, column in self.pairs}

    def attributes(self, document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
        return {column: document[key] for key, column in self.pairs}


class Choice(Field):
    """One of a closed set of words."""

    def __init__(self, choices: type[models.TextChoices], help: Words, **options: Any):
        super().__init__(help, **options)
        self.choices = choices
        self.words = tuple(choices.values)

    def read(self, value: Any, report: Report) -> str:
        text = read_text(value, self.name, report)
        if not text:
            if self.required:
                report(self.name, _("This is needed."))
            return ""
        if text not in self.words:
            report(self.name, unknown_word(text, self.words))
        return text


def unknown_word(word: str, known: Sequence[str]) -> str:
    """Return the sentence that refuses a word and names the nearest known one."""
    likely = nearest(word, known)
    if likely:
        return _("“%(word)s” is unknown; did you mean “%(likely)s”?") % {"word": word, "likely": likely}
    return _("“%(word)s” is unknown; it must be one of %(known)s.") % {"word": word, "known": ", ".join(known)}


class Flag(Field):
    """True or false; false when a file leaves it out. `unknown` lets it be neither."""

    WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}

    def read(self, value: Any, report: Report) -> bool:
        if isinstance(value, bool):
            return value
        if value is None and self.required:
            report(self.name, _("This is needed: true or false."))
        word = str(value if value is not None else "").strip().lower()
        if word not in self.WORDS:
            report(self.name, _("This must be true or false."))
        return self.WORDS.get(word, False)


class PartialDay(Field):
    """A day as far as it is known: 2026-02-16, 2026-02 or 2026."""

    def read(self, value: Any, report: Report) -> str | None:
        text = read_text(value, self.name, report)
        if not text:
            if self.required:
                report(self.name, _("This is needed."))
            return None
        return read_day(text, self.name, report)

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {self.name: values[self.source] or None}

    def attributes(self, document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
        return {self.source: document[self.name] or ""}


def read_day(text: str, column: str, report: Report) -> str | None:
    """Return the text when it is a (partial) date; report it otherwise."""
    try:
        span_of(text)
    except PartialDateError:
        report(
            column,
            _("“%(stated)s” is not a date. Write 2026-02-16, 2026-02 or 2026, as far as it is known.")
            % {"stated": text},
        )
        return None
    return text


class Day(PartialDay):
    """A whole day."""

    def read(self, value: Any, report: Report) -> str | None:
        stated = super().read(value, report)
        if stated is not None and len(stated) != len("2026-02-16"):
            report(self.name, _("A whole day is needed here, such as 2026-02-16."))
            return None
        return stated

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        day = values[self.source]
        return {self.name: day.isoformat() if day else None}

    def attributes(self, document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
        stated = document[self.name]
        return {self.source: date.fromisoformat(stated) if stated else None}


class Duration(Field):
    """A length of time as an ISO 8601 duration of days, weeks, months or years, such as P90D."""

    def read(self, value: Any, report: Report) -> str:
        text = read_text(value, self.name, report)
        check_duration(text, self.name, report)
        return text


def check_duration(text: str, column: str, report: Report) -> None:
    """Report a text that is no duration; an empty one is fine."""
    if text and not DURATION.fullmatch(text):
        report(column, _("“%(stated)s” is no duration. Write P90D, P6M or P1Y.") % {"stated": text})


class Derived(Field):
    """A part of the document that follows from other parts, so no file has it.

    `dump_as` turns the column's value into that of the document; `words` are all that it can be, where that is known.
    """

    def __init__(
        self,
        help: Words,
        *,
        dump_as: Callable[[Any], Any] = lambda value: value,
        words: Sequence[str] = (),
        **options: Any,
    ):
        super().__init__(help, **options)
        self.dump_as = dump_as
        self.words = tuple(words)

    def import_columns(self) -> tuple[str, ...]:
        return ()

    def parse(self, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        return {}

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        value = values[self.source]
        return {self.name: None if value is None else self.dump_as(value)}

    def attributes(self, document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
        return {}


class Ref(Field):
    """A link to one public thing of a given resource."""

    def __init__(self, resources: str | Collection[str], help: Words, *, hangs_on: bool = False, **options: Any):
        super().__init__(help, **options)
        self.resources = (resources,) if isinstance(resources, str) else tuple(resources)
        self.hangs_on = hangs_on

    def read(self, value: Any, report: Report) -> str | None:
        text = read_text(value, self.name, report)
        if not text and self.required:
            report(self.name, _("This is needed."))
        return text or None

    def columns(self) -> tuple[str, ...]:
        return (f"{self.source}__ref",)

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {self.name: values[f"{self.source}__ref"]}

    def attributes(self, document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
        ref = document[self.name]
        return {f"{self.source}_id": ids[ref] if ref else None}

    def refs(self, document: Mapping[str, Any]) -> Iterable[tuple[str, str, Collection[str]]]:
        return [(self.name, document[self.name], self.resources)] if document[self.name] else []


class Refs(Field):
    """Links to any number of public things; kept in the order of their refs."""

    def __init__(self, resources: str | Collection[str], help: Words, **options: Any):
        super().__init__(help, **options)
        self.resources = (resources,) if isinstance(resources, str) else tuple(resources)

    def read(self, value: Any, report: Report) -> list[str]:
        found = read_list(value, self.name, report)
        if self.required and not found:
            report(self.name, _("At least one is needed."))
        return found

    def columns(self) -> tuple[str, ...]:
        return ()

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {self.name: values[self.name]}

    def attributes(self, document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
        return {}

    def refs(self, document: Mapping[str, Any]) -> Iterable[tuple[str, str, Collection[str]]]:
        return [(self.name, ref, self.resources) for ref in document[self.name]]

    @property
    def key(self) -> str:
        """The document's key that holds the list."""
        return self.name

    def through(self, model: type[models.Model]) -> tuple[type[models.Model], str, str]:
        """Return the link table, the name of its key to the owner and that to the target."""
        (many,) = (field for field in model._meta.many_to_many if field.name == self.source)
        link = getattr(model, many.name).through
        owner = many.m2m_field_name()
        (target,) = {field.name for field in link._meta.concrete_fields if field.is_relation} - {owner}
        return link, owner, target

    def gather(self, model: type[models.Model], ids: Sequence[int]) -> dict[int, list[str]]:
        """Return the linked refs of each owner in one query."""
        through, owner, target = self.through(model)
        linked: dict[int, list[str]] = {}
        rows = through._default_manager.filter(**{f"{owner}__among": ids}).values_list(f"{owner}_id", f"{target}__ref")
        for key, ref in rows:
            linked.setdefault(key, []).append(ref)
        return {key: sorted(refs) for key, refs in linked.items()}

    def linked(self, document: Mapping[str, Any]) -> list[str]:
        """Return the refs that the document's part links to."""
        return document[self.name]

    def store_links(
        self, model: type[models.Model], documents: Mapping[int, Mapping[str, Any]], ids: Ids, *, fresh: bool
    ) -> None:
        through, owner, target = self.through(model)
        links = {key: [ids[ref] for ref in self.linked(document)] for key, document in documents.items()}
        bulk.relink(through, owner, target, links, fresh=fresh)


def read_list(value: Any, column: str, report: Report) -> list[str]:
    """Return the distinct texts of a list, or of a cell that separates them by “|”, in order of the alphabet."""
    if value is None:
        return []
    if isinstance(value, str):
        value = value.split(LIST_SEPARATOR)
    if not isinstance(value, list):
        report(column, _("This must be a list; in a table, separate the refs by “|”."))
        return []
    texts = [read_text(item, column, report) for item in value]
    return sorted({text for text in texts if text})


class Validated(Text):
    """A text that one of Django's validators judges, such as an address or a country code."""

    def __init__(self, help: Words, *, validator: Callable[[str], None], **options: Any):
        super().__init__(help, **options)
        self.validator = validator

    def read(self, value: Any, report: Report) -> str:
        text = super().read(value, report)
        if text:
            try:
                self.validator(text)
            except ValidationError as invalid:
                report(self.name, " ".join(invalid.messages))
        return text
