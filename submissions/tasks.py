"""The timetable of submissions."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from jobs.registry import job
from submissions import actions


@job(
    every=timedelta(days=1),
    queue="upkeep",
    summary=_("Deletes the addresses of those who sent something in, 30 days after it was dealt with."),
)
def forget_senders(*, now: datetime, **later_keywords: object) -> int:
    return actions.forget_senders(now=now)
