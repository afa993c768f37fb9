"""The timetable of keys."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from jobs.registry import job
from keys import actions


@job(
    every=timedelta(days=1),
    queue="upkeep",
    summary=_("Deletes requests for keys that were not confirmed within a week, and revoked keys with their owners."),
)
def forget_owners_of_keys(*, now: datetime, **later_keywords: object) -> int:
    return actions.forget_owners(now=now)
