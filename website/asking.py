"""What a reader asks for in an address: which parameters there are, and what they may be."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import Any

from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive
from django.utils.translation import gettext_lazy as _

from publishing import reading
from publishing.errors import DomainError
from publishing.fields import CONTROL_CHARACTERS, nearest
from publishing.resource import Asked

# What mail programs and social networks add to links that people share; it says nothing about what is asked for.
DECORATIONS = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid")
POINTS = ("version", "known_at", "as_of")


class ParameterUnknown(DomainError):
    code = "parameter_unknown"
    message = _("This page knows no parameter “%(name)s”; remove it from the address.")


class ParameterMisspelt(DomainError):
    code = "parameter_misspelt"
    message = _("This page knows no parameter “%(name)s”; did you mean “%(likely)s”?")


class ParameterTwice(DomainError):
    code = "parameter_twice"
    message = _("“%(name)s” is given more than once; give it once.")


class NotAVersion(DomainError):
    code = "not_a_version"
    message = _("“%(value)s” is no data version; write a whole number such as version=120.")


class NotAMoment(DomainError):
    code = "not_a_moment"
    message = _("“%(value)s” is no moment; write known_at=2026-11-24T08:00:00Z, or a day such as known_at=2026-11-24.")


class NotADay(DomainError):
    code = "not_a_day"
    message = _("“%(value)s” is no day; write one such as as_of=2026-11-24.")


class NotAText(DomainError):
    code = "not_a_text"
    message = _("What “%(name)s” holds is no text that can be looked for; it has control characters or is too long.")


LONGEST = 300


def parameters(given: QueryDict, *, known: Collection[str]) -> dict[str, str]:
    """Return the parameters of an address that have a value.

    Raises ParameterUnknown, ParameterMisspelt (which names the nearest known one), ParameterTwice, NotAText.
    """
    found = {}
    for name in given:
        if name.startswith(DECORATIONS):
            continue
        if name not in known:
            if likely := nearest(name, known):
                raise ParameterMisspelt(name=name[:50], likely=likely)
            raise ParameterUnknown(name=name[:50])
        values = given.getlist(name)
        if len(values) > 1:
            raise ParameterTwice(name=name)
        value = str(values[0]).strip()
        if CONTROL_CHARACTERS.search(value) or len(value) > LONGEST:
            raise NotAText(name=name)
        if value:
            found[name] = value
    return found


def point(given: dict[str, str], *, now: datetime) -> Asked:
    """Return which data version and day the parameters `version`, `known_at` and `as_of` ask for.

    `now` is aware. A `known_at` without a zone is taken as UTC, and a day as its first moment.

    Raises NotAVersion, NotAMoment, NotADay, and what `reading.ask` raises.
    """
    asked: dict[str, Any] = {}
    if version := given.get("version"):
        if not (version.isascii() and version.isdigit() and len(version) <= 18):
            raise NotAVersion(value=version[:50])
        asked["version"] = int(version)
    if known_at := given.get("known_at"):
        asked["known_at"] = _moment(known_at)
    if as_of := given.get("as_of"):
        day = _day(as_of)
        if day is None:
            raise NotADay(value=as_of[:50])
        asked["as_of"] = day
    return reading.ask(now=now, **asked)


def _moment(text: str) -> datetime:
    # A “+” in an address that was not encoded arrives as a space.
    text = text.replace(" ", "+") if "T" in text else text
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None and (day := _day(text)) is not None:
        moment = datetime.combine(day, time())
    if moment is None:
        raise NotAMoment(value=text[:50])
    return _utc(moment, text)


def _utc(moment: datetime, text: str) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if is_naive(moment) else moment.astimezone(UTC)
    except OverflowError:
        raise NotAMoment(value=text[:50]) from None


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and day.year < 9999 else None
