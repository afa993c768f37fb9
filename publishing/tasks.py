"""The timetable of publication and ledger."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from jobs.registry import job
from publishing import signing
from publishing.verifying import Broken, verify


class LedgerBroken(Exception):
    """What verification found; the ledger is not what was published."""


@job(
    every=timedelta(days=1),
    queue="upkeep",
    summary=_("Signs the head of the ledger once a day, and writes the signed heads into a folder to be mirrored."),
    atomic=False,
)
def sign_head(*, now: datetime, **later_keywords: object) -> int:
    signed = signing.sign_head(key=settings.SIGNING_KEY, now=now)
    if settings.HEADS_DIR:
        signing.write_heads(folder=Path(settings.HEADS_DIR))
    return int(signed)


@job(
    every=timedelta(days=1),
    queue="upkeep",
    summary=_("Verifies the ledger and all that rests on it; what is broken makes it fail, and raises an alarm."),
    atomic=False,
)
def verify_the_ledger(*, now: datetime, **later_keywords: object) -> int:
    found = verify()
    if isinstance(found, Broken):
        raise LedgerBroken(str(found))
    return 0
