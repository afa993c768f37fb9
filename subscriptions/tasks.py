"""The timetable of subscriptions."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from jobs.registry import job
from subscriptions import actions, digests, mail, passwords


@job(
    every=timedelta(minutes=1),
    queue="digests",
    summary=_("Composes the digests that are due, each once, and puts them into the outbox."),
    atomic=False,
)
def compose_digests(*, now: datetime, **later_keywords: object) -> int:
    return digests.compose_due(now=now)


@job(
    every=timedelta(minutes=1),
    queue="digests",
    summary=_("Hands the mails in the outbox to the mail server."),
    atomic=False,
)
def send_messages(*, now: datetime, **later_keywords: object) -> int:
    passwords.queue_password_links(now=now)
    return mail.send_waiting(now=now, renew=digests.renew)


@job(
    every=timedelta(days=1),
    queue="upkeep",
    summary=_(
        "Deletes addresses that were not confirmed within a week, ended subscriptions and the mails to them within a"
        " week, all mails after 90 days."
    ),
)
def forget_addresses(*, now: datetime, **later_keywords: object) -> int:
    return actions.forget_addresses(now=now)
