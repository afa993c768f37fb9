"""What the values of parameters can be: how each is read, and how the schema describes it.

They are form fields, as django-filter wants them. Empty values never reach them.
"""

import re
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from publishing.dates import FIRST_YEAR, LAST_YEAR, PartialDateError, span_of
from publishing.fields import nearest, unknown_word
from publishing.models import REF_PATTERN

LONGEST_LIST = 500
REF = re.compile(REF_PATTERN, re.ASCII)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Schema = dict[str, Any]


class Value(forms.Field):
    """A parameter that may be left out."""

    def __init__(self, **options: Any):
        super().__init__(required=False, **options)

    def clean(self, value: str | None) -> Any:
        return None if value is None else self.read(value)

    def read(self, text: str) -> Any:
        """Return what a text that is not empty means. Raises ValidationError with a whole sentence."""
        return text

    def schema(self) -> Schema:
        """Return its JSON Schema."""
        return {"type": "string"}


class Whole(Value):
    """A whole number."""

    def __init__(self, *, least: int, most: int, **options: Any):
        super().__init__(**options)
        self.least, self.most = least, most

    def read(self, text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= len(str(self.most)):
            number = int(text)
            if self.least <= number <= self.most:
                return number
        raise ValidationError(
            _("This must be a whole number from %(least)d to %(most)d.") % {"least": self.least, "most": self.most}
        )

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Truth(Value):
    """true or false, and nothing else."""

    def read(self, text: str) -> bool:
        if text not in ("true", "false"):
            raise ValidationError(_("This must be true or false."))
        return text == "true"

    def schema(self) -> Schema:
        return {"type": "boolean"}


class WholeDay(Value):
    """A day of the calendar in ISO 8601."""

    def read(self, text: str) -> date:
        if len(text) == len("2026-02-16"):
            try:
                return span_of(text)[0]
            except PartialDateError:
                pass
        raise ValidationError(
            _("This must be a day such as 2026-02-16, from the year %(first)d to %(last)d.")
            % {"first": FIRST_YEAR, "last": LAST_YEAR}
        )

    def schema(self) -> Schema:
        return {"type": "string", "format": "date"}


class StatedDay(Value):
    """A day, month, quarter or year; it stays the text that it is."""

    def read(self, text: str) -> str:
        try:
            span_of(text)
        except PartialDateError:
            raise ValidationError(
                _("This must be a date such as 2026-02-16, 2026-02 or 2026, from the year %(first)d to %(last)d.")
                % {"first": FIRST_YEAR, "last": LAST_YEAR}
            ) from None
        return text

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"}


class Moment(Value):
    """A moment with its offset from UTC (RFC 3339)."""

    def read(self, text: str) -> datetime:
        try:
            moment = parse_datetime(text) if MOMENT.fullmatch(text) else None
            if moment is not None and FIRST_YEAR <= moment.year <= LAST_YEAR:
                return moment.astimezone(UTC)
        except ValueError:
            pass
        raise ValidationError(
            _("This must be a moment such as 2026-11-24T08:00:00Z; the + of an offset is written %(plus)s.")
            % {"plus": "%2B"}
        )

    def schema(self) -> Schema:
        return {"type": "string", "format": "date-time"}


class Word(Value):
    """One of a closed set of words."""

    def __init__(self, words: Iterable[str], **options: Any):
        super().__init__(**options)
        self.words = tuple(words)

    def read(self, text: str) -> str:
        if text not in self.words:
            raise ValidationError(unknown_word(text, self.words))
        return text

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.words)}


class Words(Value):
    """Any text; a column's validators judge it where it has some."""

    def __init__(self, *, judges: Sequence[Callable[[str], None]] = (), max_length: int = 500, **options: Any):
        super().__init__(**options)
        self.judges = judges
        self.max_length = max_length

    def read(self, text: str) -> str:
        if len(text) > self.max_length:
            raise ValidationError(_("This is longer than %(limit)d characters.") % {"limit": self.max_length})
        for judge in self.judges:
            judge(text)
        return text

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": self.max_length}


class RefValue(Value):
    """The ref of something public. Whether there is one is asked for all refs of a question at once."""

    def __init__(self, resources: Collection[str], **options: Any):
        super().__init__(**options)
        self.resources = tuple(resources)

    def read(self, text: str) -> str:
        if len(text) > 200 or not REF.fullmatch(text):
            raise ValidationError(_("A ref is lower case letters, digits, “-” and “.”, and starts with a letter."))
        return text

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{REF_PATTERN}$", "maxLength": 200}


class Uuid(Value):
    """A random id."""

    def read(self, text: str) -> uuid.UUID:
        if not UUID.fullmatch(text):
            raise ValidationError(_("This must be an id such as 381db986-6b41-46d1-87c3-360fefd4a15d."))
        return uuid.UUID(text)

    def schema(self) -> Schema:
        return {"type": "string", "format": "uuid"}


class Many(Value):
    """Several values, separated by commas."""

    def __init__(self, one: Value, **options: Any):
        super().__init__(**options)
        self.one = one

    def read(self, text: str) -> list[Any]:
        parts = text.split(",")
        if len(parts) > LONGEST_LIST:
            raise ValidationError(_("These are more than %(limit)d values.") % {"limit": LONGEST_LIST})
        if "" in parts:
            raise ValidationError(_("A value between the commas is empty."))
        return list(dict.fromkeys(self.one.read(part) for part in parts))

    def schema(self) -> Schema:
        return {"type": "array", "items": self.one.schema(), "minItems": 1, "maxItems": LONGEST_LIST}


class Names(Value):
    """Names of fields, separated by commas, each at most once; with `signed`, “-” before one turns its order round."""

    def __init__(self, names: Iterable[str], *, signed: bool = False, **options: Any):
        super().__init__(**options)
        self.names = tuple(names)
        self.signed = signed

    def read(self, text: str) -> list[str]:
        given = text.split(",")
        bare = [name.removeprefix("-") if self.signed else name for name in given]
        for name in bare:
            if name not in self.names:
                raise ValidationError(unknown_word(name, self.names))
            if bare.count(name) > 1:
                raise ValidationError(_("“%(name)s” is there twice.") % {"name": name})
        return given

    def schema(self) -> Schema:
        words = [*self.names, *(f"-{name}" for name in self.names)] if self.signed else list(self.names)
        return {"type": "array", "items": {"type": "string", "enum": words}, "minItems": 1, "uniqueItems": True}


def likely(word: str, known: Iterable[str]) -> str:
    """Return the sentence about a parameter that is unknown."""
    near = nearest(word, known)
    if near:
        return _("There is no such parameter; did you mean “%(likely)s”?") % {"likely": near}
    return _("There is no such parameter here.")
