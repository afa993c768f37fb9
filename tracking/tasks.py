"""The timetable of tracking."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from jobs.registry import job
from tracking import detectors


@job(
    every=timedelta(hours=6),
    queue="detectors",
    summary=_("Finds records that nobody has looked at within their interval."),
)
def detect_stale_records(*, now: datetime, **later_keywords: object) -> int:
    return detectors.find_stale_records(now=now, every=settings.REVIEW_EVERY)


@job(
    every=timedelta(hours=1),
    queue="detectors",
    summary=_("Finds evidence that is newer than the status of its record and speaks against it."),
)
def detect_evidence_against(*, now: datetime, **later_keywords: object) -> int:
    return detectors.find_evidence_against(now=now)


@job(
    every=timedelta(hours=6),
    queue="detectors",
    summary=_("Finds texts that were changed in one language and not in the other since."),
)
def detect_old_translations(*, now: datetime, **later_keywords: object) -> int:
    return detectors.find_old_translations(now=now)


@job(
    every=timedelta(days=1),
    queue="detectors",
    summary=_("Finds sources that nothing has cited for 30 days."),
)
def detect_uncited_sources(*, now: datetime, **later_keywords: object) -> int:
    return detectors.find_uncited_sources(now=now)
