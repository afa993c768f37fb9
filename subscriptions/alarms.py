"""Telling administrators that jobs are not done."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils import translation
from django.utils.translation import ngettext

from accounts.models import administrators
from jobs.models import Incident
from jobs.registry import JOBS
from subscriptions.mail import queue_message
from subscriptions.models import Message, MessageKind


def queue_alarms(*, incidents: Sequence[Incident], now: datetime) -> list[Message]:
    """Write one mail about new incidents to each administrator who has an address, in their language.

    Nothing leaves before the transaction is committed.
    """
    written = []
    for administrator in administrators().exclude(email="").order_by("pk"):
        with translation.override(administrator.language):
            subject = ngettext(
                "Pactwatch: %(count)d job is not done", "Pactwatch: %(count)d jobs are not done", len(incidents)
            ) % {"count": len(incidents)}
            told = [
                {
                    "job": incident.job,
                    "summary": JOBS[incident.job].summary,
                    "failing": incident.failing,
                    "completed_at": incident.completed_at and f"{incident.completed_at.astimezone(UTC):%Y-%m-%d %H:%M}",
                    "error": incident.error,
                }
                for incident in incidents
            ]
            written.append(
                queue_message(
                    MessageKind.ALARM,
                    to=administrator.email,
                    subject=subject,
                    context={"incidents": told, "now": f"{now.astimezone(UTC):%Y-%m-%d %H:%M}"},
                    now=now,
                )
            )
    return written
