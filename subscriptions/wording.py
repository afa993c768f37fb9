"""Which of its two languages a public text is shown in, and days and moments as mails write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.utils.translation import get_language

from publishing.dates import QUARTERS, span_of

LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
# The long forms of CLDR; its own for Britain abbreviate the month.
PATTERNS = {
    "en": {4: "y", 7: "MMMM y", 10: "d MMMM y"},
    "zh": {4: "y年", 7: "y年M月", 10: "y年M月d日"},
}
QUARTER = {"en": "QQQQ y", "zh": "y年QQQQ"}


@dataclass(frozen=True)
class Wording:
    """A text and the language that it is in; `is_foreign` when the reader's language does not have it yet."""

    text: str
    language: str
    is_foreign: bool = False


def wording(body: Mapping[str, Any], name: str) -> Wording:
    """Return a document's text in the language that is active, or else in the other one."""
    wanted = _language()
    other = "en" if wanted == "zh" else "zh"
    if text := body.get(f"{name}_{wanted}"):
        return Wording(text, wanted)
    text = body.get(f"{name}_{other}") or ""
    return Wording(text, other if text else wanted, is_foreign=bool(text))


def day_in_words(stated: str | None) -> str:
    """Return a (partial) day as the active language writes it, as far as it is known; an empty text for None."""
    if not stated:
        return ""
    language = _language()
    is_quarter = len(stated) == len("2026-33") and int(stated[5:]) in QUARTERS
    pattern = QUARTER[language] if is_quarter else PATTERNS[language][len(stated)]
    return format_date(span_of(stated)[0], pattern, locale=LOCALES[language])


def moment_in_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return an aware moment as a day and a time in `zone`, which is named."""
    there = moment.astimezone(zone)
    day = day_in_words(there.date().isoformat())
    between = " " if _language() == "zh" else ", "
    return f"{day}{between}{there:%H:%M} ({zone.key})"


def _language() -> str:
    return "zh" if (get_language() or "en").startswith("zh") else "en"
