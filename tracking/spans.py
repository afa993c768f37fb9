"""Which status held on which days, by data version, worked out from the published changes."""

from collections.abc import Iterable
from datetime import date
from itertools import zip_longest
from typing import NamedTuple


class Published(NamedTuple):
    """A status change as far as spans depend on it."""

    key: int
    status: str
    effective_on: date
    seq: int
    version: int
    supersedes: int | None


class Span(NamedTuple):
    """`status` held from `valid_from` until `valid_until`, as the tracker said from one data version until another.

    Both ends are half-open; None means without end.
    """

    change: int
    status: str
    valid_from: date
    valid_until: date | None
    known_from: int
    known_until: int | None


def timeline(changes: Iterable[Published]) -> list[tuple[int, str, date, date | None]]:
    """Return what held when, of changes that stand beside each other.

    The latest day decides, and on equal days the higher position.
    """
    changes = list(changes)
    superseded = {change.supersedes for change in changes}
    by_day: dict[date, Published] = {}
    for change in sorted(changes, key=lambda c: c.seq):
        if change.key not in superseded:
            by_day[change.effective_on] = change
    held = [by_day[day] for day in sorted(by_day)]
    ends = [change.effective_on for change in held[1:]]
    return [(change.key, change.status, change.effective_on, end) for change, end in zip_longest(held, ends)]


def spans_of(changes: Iterable[Published]) -> list[Span]:
    """Return all spans of one record: one timeline for each data version that changed it, joined where they agree."""
    changes = sorted(changes, key=lambda c: c.seq)
    spans: list[Span] = []
    standing: dict[tuple[int, str, date, date | None], int] = {}
    for version in sorted({change.version for change in changes}):
        now = timeline(change for change in changes if change.version <= version)
        for held in [held for held in standing if held not in now]:
            spans.append(Span(*held, standing.pop(held), version))
        for held in now:
            standing.setdefault(held, version)
    spans.extend(Span(*held, since, None) for held, since in standing.items())
    return sorted(spans, key=lambda span: (span.known_from, span.valid_from))
