"""Days that may be known only to the month, quarter or year.

Stated as ISO 8601 text, the precision being its length (`2026-02-16`, `2026-02`, `2026`), with ISO 8601-2:2019 quarters
(`2026-33` to `2026-36`, the sub-year groupings for quarters 1 to 4).
"""

import calendar
import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

SHAPE = re.compile(r"(?P<year>\d{4})(-(?P<part>\d{2})(-(?P<day>\d{2}))?)?", re.ASCII)
QUARTERS = {33: 1, 34: 2, 35: 3, 36: 4}
ANYWHERE_ON_EARTH = timezone(timedelta(hours=-12))
FIRST_ON_EARTH = timezone(timedelta(hours=14))
FIRST_YEAR, LAST_YEAR = 1900, 2200


class PartialDateError(ValueError):
    """The text is not a calendar date of day, month, quarter or year precision."""


def span_of(stated: str) -> tuple[date, date]:
    """Return the first and the last day that `stated` can mean.

    Raises PartialDateError if `stated` is no calendar date or lies outside 1900 to 2200.
    """
    shape = SHAPE.fullmatch(stated)
    if not shape or not FIRST_YEAR <= int(shape["year"]) <= LAST_YEAR:
        raise PartialDateError(stated)
    year = int(shape["year"])
    if shape["part"] is None:
        return date(year, 1, 1), date(year, 12, 31)
    part = int(shape["part"])
    try:
        if shape["day"] is not None:
            day = date(year, part, int(shape["day"]))
            return day, day
        first_month, last_month = (3 * QUARTERS[part] - 2, 3 * QUARTERS[part]) if part in QUARTERS else (part, part)
        return date(year, first_month, 1), date(year, last_month, calendar.monthrange(year, last_month)[1])
    except (ValueError, calendar.IllegalMonthError) as impossible:
        raise PartialDateError(stated) from impossible


def passes_at(stated: str, zone: ZoneInfo | None = None) -> datetime:
    """Return the first moment (aware, UTC) at which a promise dated `stated` is overdue.

    A date known only to the month, quarter or year passes after the last day that it can mean. Without `zone` the day
    ends where it ends last on Earth (UTC-12). Raises PartialDateError if `stated` is no calendar date.
    Source: docs/method.md, "When is a promise late?".
    """
    _first, last = span_of(stated)
    next_day = last + timedelta(days=1)
    return datetime(next_day.year, next_day.month, next_day.day, tzinfo=zone or ANYWHERE_ON_EARTH).astimezone(UTC)


def validate_partial_date(stated: str) -> None:
    """Raise ValidationError unless `stated` is a day, month, quarter or year."""
    try:
        span_of(stated)
    except PartialDateError:
        raise ValidationError(
            _("“%(stated)s” is not a date. Write 2026-02-16, 2026-02 or 2026, as far as it is known."),
            code="partial_date",
            params={"stated": stated},
        ) from None


class LastDay(models.Func):
    """The last day that a partial date can mean, worked out by the database; null when none is stated."""

    output_field = models.DateField()
    arity = 1
    template = """(
        SELECT CASE length(stated)
               WHEN 10 THEN to_date(stated, 'YYYY-MM-DD')
               WHEN 7 THEN (make_date(
                   left(stated, 4)::int,
                   CASE WHEN right(stated, 2) > '32' THEN 3 * (right(stated, 2)::int - 32)
                        ELSE right(stated, 2)::int END,
                   1) + interval '1 month - 1 day')::date
               WHEN 4 THEN make_date(stated::int, 12, 31)
               END
          FROM (SELECT (%(expressions)s)::text) given (stated)
    )"""


class PartialDateField(models.CharField):
    """A day as far as it is known, kept as its ISO text; empty when unknown."""

    default_validators = [validate_partial_date]

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", 10)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)
