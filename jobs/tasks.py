"""The one Celery task that does jobs, and the job that looks after their runs."""

import logging
from datetime import datetime, timedelta

from celery import shared_task
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs.models import Incident, JobRun
from jobs.registry import UnknownJob, get_job, job
from jobs.running import JobNotDue, run_due

logger = logging.getLogger(__name__)

KEEP_EVERY_RUN = timedelta(days=7)
KEEP_TELLING_RUNS = timedelta(days=90)
KEEP_INCIDENTS = timedelta(days=365)


@shared_task(name="jobs.wake_up", ignore_result=True)
def wake_up(name: str, **later_keywords: object) -> None:
    """Do the job of that name, if it is due by the clock."""
    # A worker keeps its connection from task to task, and notices here that the server was restarted meanwhile.
    if connection.connection is not None and not connection.is_usable():
        connection.close()
    try:
        run_due(job=get_job(name), now=timezone.now())
    except JobNotDue:
        logger.debug("%s is not due", name)
    except UnknownJob:
        logger.warning("%s is not known here: beat runs another release than this worker", name)


# A worker may be connected and take nothing. That is told from work alone, so that each queue has some every minute.
@job(every=timedelta(minutes=1), queue="detectors", summary=_("Shows that work in the queue “detectors” is done."))
def heartbeat_detectors(*, now: datetime, **later_keywords: object) -> int:
    return 0


@job(every=timedelta(minutes=1), queue="digests", summary=_("Shows that work in the queue “digests” is done."))
def heartbeat_digests(*, now: datetime, **later_keywords: object) -> int:
    return 0


@job(every=timedelta(minutes=1), queue="upkeep", summary=_("Shows that work in the queue “upkeep” is done."))
def heartbeat_upkeep(*, now: datetime, **later_keywords: object) -> int:
    return 0


@job(
    every=timedelta(days=1),
    queue="upkeep",
    summary=_("Deletes old job runs: those that found nothing after a week, all after 90 days."),
)
def delete_old_job_runs(*, now: datetime, **later_keywords: object) -> int:
    """Delete runs and incidents that tell nothing any more, but never the last run that a job completed by schedule."""
    every_run = JobRun.objects.outdated(before=now - KEEP_EVERY_RUN)
    uneventful, _per_model = every_run.uneventful().delete()
    others, _per_model = JobRun.objects.outdated(before=now - KEEP_TELLING_RUNS).delete()
    incidents, _per_model = Incident.objects.filter(closed_at__lt=now - KEEP_INCIDENTS).delete()
    return uneventful + others + incidents
