"""When digests are due: at eight in the morning where the subscriber lives."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

DELIVERY = time(8)
MONDAY = 0


class Frequency(models.TextChoices):
    DAILY = "daily", _("every day")
    WEEKLY = "weekly", _("every Monday")


def next_delivery(*, frequency: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first 08:00 in `zone` later than `after` (aware), of any day or of a Monday, as an aware UTC moment.

    The clock on the wall decides, so the moments lie 23 or 25 hours apart where a clock change lies between them.
    An 08:00 that a zone skipped counts as the same time after the change (PEP 495).
    """
    day = after.astimezone(zone).date()
    while True:
        moment = datetime.combine(day, DELIVERY, zone).astimezone(UTC)
        if moment > after and (frequency == Frequency.DAILY or day.weekday() == MONDAY):
            return moment
        day += timedelta(days=1)
