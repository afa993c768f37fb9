"""The timetable of mechanisms."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from jobs.registry import job
from mechanisms import detectors


@job(
    every=timedelta(hours=1),
    queue="detectors",
    summary=_("Finds events whose day has come while they are still said to be scheduled."),
)
def detect_events_that_came(*, now: datetime, **later_keywords: object) -> int:
    return detectors.find_events_that_came(now=now)


@job(
    every=timedelta(hours=1),
    queue="detectors",
    summary=_("Finds events that have passed and of which nobody wrote down what came of them."),
)
def detect_events_that_passed(*, now: datetime, **later_keywords: object) -> int:
    return detectors.find_events_that_passed(now=now)
