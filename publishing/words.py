"""Texts of the data in the reader's language, and days and numbers as that language writes them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from publishing.dates import QUARTERS, PartialDateError, span_of


class Words(NamedTuple):
    """A text, the language that it is in (BCP 47), and whether that is another one than the reader's."""

    text: str
    lang: str
    foreign: bool


LANGUAGES = {"en": "en", "zh": "zh-Hans"}


def readers_language() -> str:
    """Return the suffix of the reader's language in the data: en or zh."""
    return "zh" if (get_language() or "en").startswith("zh") else "en"


def locale() -> Locale:
    return Locale.parse("zh_Hans_CN" if readers_language() == "zh" else "en_GB")


def words(document: Mapping[str, Any], name: str) -> Words:
    """Return `name_en` or `name_zh` of a document by the active language; the other one when that is empty.

    A text that has no language of its own is under `name` alone.
    """
    mine = readers_language()
    other = "en" if mine == "zh" else "zh"
    if f"{name}_{mine}" not in document:
        return Words(document.get(name) or "", LANGUAGES[mine], False)
    if document[f"{name}_{mine}"] or not document[f"{name}_{other}"]:
        return Words(document[f"{name}_{mine}"], LANGUAGES[mine], False)
    return Words(document[f"{name}_{other}"], LANGUAGES[other], True)


# The long forms of CLDR; its own short forms for Britain abbreviate the month.
PATTERNS = {
    "en": {"day": "d MMMM y", "month": "MMMM y", "quarter": "QQQQ y", "year": "y"},
    "zh": {"day": "y年M月d日", "month": "y年M月", "quarter": "y年QQQQ", "year": "y年"},
}


def day_in_words(stated: str | date) -> str:
    """Return a (partial) date as precisely as it is known: 16 February 2026, February 2026, 1st quarter 2026, 2026."""
    text = stated.isoformat() if isinstance(stated, date) else stated
    try:
        first, _last = span_of(text)
    except PartialDateError:
        return text
    if len(text) == len("2026"):
        precision = "year"
    elif len(text) == len("2026-02-16"):
        precision = "day"
    else:
        precision = "quarter" if int(text[5:]) in QUARTERS else "month"
    return format_date(first, PATTERNS[readers_language()][precision], locale=locale())


def moment_in_words(moment: str | datetime, *, zone: ZoneInfo | None = None) -> str:
    """Return an aware moment, or its ISO text, as a day and a time in `zone`, which is named; in UTC without one."""
    aware = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    there = aware.astimezone(zone or UTC)
    between = " " if readers_language() == "zh" else ", "
    return f"{day_in_words(there.date())}{between}{there:%H:%M} {f'({zone.key})' if zone else 'UTC'}"


def duration_in_words(duration: str) -> str:
    """Return an ISO 8601 duration of one unit (P1Y, P6M, P2W, P90D) in words."""
    shape = re.fullmatch(r"P(\d+)([DWMY])", duration)
    if not shape:
        return duration
    number = int(shape[1])
    if number == 1:
        return {"D": _("every day"), "W": _("every week"), "M": _("every month"), "Y": _("every year")}[shape[2]]
    return {
        "D": _("every %(number)d days"),
        "W": _("every %(number)d weeks"),
        "M": _("every %(number)d months"),
        "Y": _("every %(number)d years"),
    }[shape[2]] % {"number": number}


def separator() -> str:
    """Return what parts the members of a list."""
    return "、" if readers_language() == "zh" else ", "


def number_in_words(number: int) -> str:
    return format_decimal(number, locale=locale())
