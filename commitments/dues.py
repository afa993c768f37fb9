"""When promises are due, and the periods of recurring ones."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from dateutil.relativedelta import relativedelta

from publishing.dates import span_of

UNITS = {
    "D": relativedelta(days=1),
    "W": relativedelta(weeks=1),
    "M": relativedelta(months=1),
    "Y": relativedelta(years=1),
}


class Period(NamedTuple):
    """One period of a recurring promise: its label, as it stands in refs, and the day by which it is due."""

    label: str
    due: str


def interval_of(duration: str) -> relativedelta:
    """Return an ISO 8601 duration of one unit (P1Y, P6M, P2W, P90D) as a calendar interval."""
    shape = re.fullmatch(r"P(\d+)([DWMY])", duration)
    if not shape or int(shape[1]) == 0:
        raise ValueError(duration)
    return UNITS[shape[2]] * int(shape[1])


def periods_of(due: Mapping[str, Any], *, today: date) -> Iterator[Period]:
    """Yield the periods of a recurring due rule, from its first date to the first one after `today` or its end.

    `due` has kind, date (the first day), every and until. Without a first date or an interval there are none, because
    a day would be a guess. A month keeps its last day: from 31 January monthly, 28 February, 31 March. A first date
    known to the month or year gives periods of that precision. One too long for a calendar has a first period only.
    """
    if due["kind"] != "recurring" or not due["date"] or not due["every"] or due["every"].strip("PDWMY0") == "":
        return
    stated, interval = due["date"], interval_of(due["every"])
    first = span_of(stated)[0]
    end = span_of(due["until"])[1] if due["until"] else None
    for number in range(10_000):
        try:
            day = first + number * interval
        except (ValueError, OverflowError):
            return
        if end and day > end:
            return
        precise = day.isoformat()[: len(stated)]
        yield Period(_label(precise, due["every"]), precise)
        if day > today:
            return


def _label(day: str, every: str) -> str:
    return day[:4] if every.endswith("Y") else day[:7] if every.endswith("M") else day
