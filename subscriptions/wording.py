"""Which of its two languages a public text is shown in, and days as far as they are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language

from publishing.dates import span_of


@dataclass(frozen=True)
class Wording:
    """A text and the language that it is in; `is_foreign` when the reader's language does not have it yet."""

    text: str
    language: str
    is_foreign: bool = False


def wording(body: Mapping[str, Any], name: str) -> Wording:
    """Return a document's text in the language that is active, or else in the other one."""
    wanted, other = ("zh", "en") if (get_language() or "en").startswith("zh") else ("en", "zh")
    if text := body.get(f"{name}_{wanted}"):
        return Wording(text, wanted)
    text = body.get(f"{name}_{other}") or ""
    return Wording(text, other if text else wanted, is_foreign=bool(text))


def day_in_words(stated: str | None) -> str:
    """Return a (partial) day as the active language writes it, as far as it is known; an empty text for None."""
    if not stated:
        return ""
    first, last = span_of(stated)
    if first == last:
        return date_format(first, "DATE_FORMAT")
    if (first.year, first.month) == (last.year, last.month):
        return date_format(first, "YEAR_MONTH_FORMAT")
    return (
        stated
        if len(stated) == len("2026")
        else f"{date_format(first, 'DATE_FORMAT')} – {date_format(last, 'DATE_FORMAT')}"
    )
