"""Events whose day comes, and events of which nobody wrote down what came of them, become findings."""

from typing import Any

import pytest
from django.core.management import call_command

from tests.commitments.world import SOURCES, both, load
from tracking.models import Finding


@pytest.fixture
def meet(world) -> Any:
    """Publish a summit series with one event."""

    def meet(**event: Any) -> None:
        series = {
            "ref": "series",
            "kind": "summit_series",
            **both("title", "The series", "峰会"),
            **both("summary", "It meets.", "开会。"),
            "sources": SOURCES,
        }
        row = {"ref": "evt-series", "mechanism": "series", **both("title", "The summit", "会议"), "sources": SOURCES}
        load(world / "series", {"mechanisms": [series], "events": [row | {"state": "scheduled"} | event]})

    return meet


def found(job: str, at: str) -> list[tuple[str, str]]:
    for _time in range(2):
        call_command("run_job", job, "--at", at, verbosity=0)
    return list(Finding.objects.open().order_by("pk").values_list("kind", "record__ref"))


def test_the_day_of_an_event_comes_when_it_begins_first_on_earth(meet):
    meet(starts_on="2027-02-16", ends_on="2027-02-18")

    assert found("detect_events_that_came", "2027-02-15T09:59Z") == []
    assert found("detect_events_that_came", "2027-02-15T10:00Z") == [("event_came", "series")]
    assert Finding.objects.get().seen["event"] == "evt-series"

    meet(starts_on="2027-02-16", ends_on="2027-02-18", state="held")
    assert found("detect_events_that_came", "2027-02-17T10:00Z") == []


def test_an_event_has_passed_when_its_last_day_has_ended_everywhere(meet):
    meet(starts_on="2027-02-16", ends_on="2027-02-18")
    found("detect_events_that_came", "2027-02-16T10:00Z")

    assert found("detect_events_that_passed", "2027-02-19T11:59Z") == [("event_came", "series")]
    found("detect_events_that_passed", "2027-02-19T12:00Z")
    assert found("detect_events_that_came", "2027-02-19T12:00Z") == [("event_passed", "series")]


def test_a_day_known_to_the_month_quarter_or_year_passes_with_the_last_that_it_can_mean(meet):
    for stated, before, after in [
        ("2027-02", "2027-03-01T11:59Z", "2027-03-01T12:00Z"),
        ("2027-34", "2027-07-01T11:59Z", "2027-07-01T12:00Z"),
        ("2027", "2028-01-01T11:59Z", "2028-01-01T12:00Z"),
    ]:
        meet(starts_on=stated)

        assert found("detect_events_that_passed", before) == []
        assert found("detect_events_that_passed", after) == [("event_passed", "series")]


def test_an_event_with_an_outcome_is_not_found_and_what_was_found_lapses(meet):
    for outcome in (
        {"state": "cancelled"},
        {"state": "postponed"},
        {"state": "held", "outcomes": ["accord"]},
        {"state": "held", **both("note", "Nothing was agreed.", "未达成一致。")},
    ):
        meet(starts_on="2027-02-16", state="held")
        assert found("detect_events_that_passed", "2027-03-01") == [("event_passed", "series")]

        meet(starts_on="2027-02-16", **outcome)
        assert found("detect_events_that_passed", "2027-03-01") == []

        meet(starts_on="2027-02-16", outcomes=[], note_en="", note_zh="", state="held")
