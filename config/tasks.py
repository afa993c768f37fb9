"""What has to be forgotten about staff."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from accounts import log_ins
from jobs.registry import job


@job(every=timedelta(days=1), queue="upkeep", summary=_("Deletes entries of the log of log-ins after 180 days."))
def forget_log_ins(*, now: datetime, **later_keywords: object) -> int:
    return log_ins.forget_log_ins(now=now)
