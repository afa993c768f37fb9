"""The timetable of commitments."""

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from commitments import actions, detectors
from jobs.registry import job


@job(
    every=timedelta(hours=1),
    queue="detectors",
    summary=_("Finds records whose deadline has passed while their status leaves the matter open."),
)
def detect_passed_deadlines(*, now: datetime, **later_keywords: object) -> int:
    return detectors.find_passed_deadlines(now=now)


@job(
    every=timedelta(hours=1),
    queue="detectors",
    summary=_("Finds records whose deadline comes within 30 days, so that somebody can look at them before."),
)
def detect_due_soon(*, now: datetime, **later_keywords: object) -> int:
    return detectors.find_due_soon(now=now)


@job(
    every=timedelta(hours=1),
    queue="detectors",
    summary=_("Publishes the next period of promises that come round again, as a record that is not assessed."),
)
def publish_next_periods(*, now: datetime, **later_keywords: object) -> int:
    return len(actions.publish_next_periods(today=now.astimezone(UTC).date()))
