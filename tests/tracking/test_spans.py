"""Which status held when, by data version: the same whatever the order in which it became known."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import combinations
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from tracking.spans import Published, Span, spans_of, timeline

End = TypeVar("End", date, int)
FIRST_DAY = date(2026, 1, 1)
DAYS = [FIRST_DAY + timedelta(days=n) for n in range(6)]


@st.composite
def histories(draw: st.DrawFn) -> list[Published]:
    """The published changes of one record: several may share a day or a version, some correct an earlier one."""
    changes: list[Published] = []
    correctable: list[int] = []
    version = 0
    for key in range(1, draw(st.integers(0, 7)) + 1):
        seq = key * 10
        version = seq if not changes or draw(st.booleans()) else version
        corrected = draw(st.sampled_from([None, *correctable]))
        if corrected is not None:
            correctable.remove(corrected)
        correctable.append(key)
        day = draw(st.sampled_from(DAYS))
        changes.append(Published(key, draw(st.sampled_from("abc")), day, seq, version, corrected))
    return changes


def known_at(changes: Iterable[Published], version: int) -> list[Published]:
    return [change for change in changes if change.version <= version]


def told_at(spans: Iterable[Span], version: int) -> list[Span]:
    return [
        span
        for span in spans
        if span.known_from <= version and (span.known_until is None or version < span.known_until)
    ]


def holding(changes: Iterable[Published], day: date) -> str | None:
    """Return what held on a day by the words of the rule: the latest day decides, on equal days the higher position."""
    changes = list(changes)
    corrected = {change.supersedes for change in changes}
    begun = [c for c in changes if c.key not in corrected and c.effective_on <= day]
    return max(begun, key=lambda c: (c.effective_on, c.seq)).status if begun else None


def overlap(start: End, end: End | None, other_start: End, other_end: End | None) -> bool:
    return (other_end is None or start < other_end) and (end is None or other_start < end)


@given(histories())
def test_no_two_statuses_hold_on_the_same_day_at_the_same_version(changes):
    for one, other in combinations(spans_of(changes), 2):
        same_days = overlap(one.valid_from, one.valid_until, other.valid_from, other.valid_until)
        same_versions = overlap(one.known_from, one.known_until, other.known_from, other.known_until)
        assert not (same_days and same_versions), (one, other)


@given(histories())
def test_at_each_version_the_spans_are_the_timeline_of_what_was_known_then(changes):
    spans = spans_of(changes)

    for version in range(81):
        told = [(s.change, s.status, s.valid_from, s.valid_until) for s in told_at(spans, version)]
        assert sorted(told, key=lambda held: held[2]) == timeline(known_at(changes, version))


@given(histories())
def test_on_each_day_the_latest_change_decides_and_on_equal_days_the_higher_position(changes):
    spans = spans_of(changes)

    for version in range(0, 81, 10):
        for day in [FIRST_DAY - timedelta(days=1), *DAYS, DAYS[-1] + timedelta(days=1)]:
            told = [
                span.status
                for span in told_at(spans, version)
                if span.valid_from <= day and (span.valid_until is None or day < span.valid_until)
            ]
            held = holding(known_at(changes, version), day)
            assert told == ([held] if held else [])


@given(histories())
def test_what_is_published_later_leaves_what_was_told_before_as_it_was(changes):
    version = changes[len(changes) // 2].version if changes else 0

    before, after = spans_of(known_at(changes, version)), spans_of(changes)

    assert {span[:5] for span in told_at(after, version)} == {span[:5] for span in told_at(before, version)}


def test_a_change_that_is_corrected_and_its_correction_share_a_record_of_what_was_told():
    first = Published(1, "in_progress", DAYS[0], 10, 10, None)
    wrong = Published(2, "fulfilled", DAYS[2], 20, 20, None)
    right = Published(3, "partly_fulfilled", DAYS[3], 30, 30, 2)

    assert spans_of([first, wrong, right]) == [
        Span(1, "in_progress", DAYS[0], None, 10, 20),
        Span(1, "in_progress", DAYS[0], DAYS[2], 20, 30),
        Span(2, "fulfilled", DAYS[2], None, 20, 30),
        Span(1, "in_progress", DAYS[0], DAYS[3], 30, None),
        Span(3, "partly_fulfilled", DAYS[3], None, 30, None),
    ]
