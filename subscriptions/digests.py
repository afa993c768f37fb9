"""Composing digests: what is told, and that it counts as told, are one transaction."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.utils import translation

from publishing import ledger
from publishing.models import Action, LedgerEntry
from subscriptions import mail
from subscriptions.contents import Contents, Due, changes_to_tell, contents_of, deadlines_to_tell, deadlines_told
from subscriptions.models import Digest, Message, MessageState, Subscription, ToldDeadline
from subscriptions.schedule import next_delivery

logger = logging.getLogger(__name__)

# A run ends within the time that a worker has; the next one goes on.
MOST_IN_A_RUN = 5_000


class DigestsNotComposed(Exception):
    """Some subscriptions are still to be told, for the reasons in the log."""


def compose_due(*, now: datetime) -> int:
    """Compose up to 5,000 digests that are due by `now` (aware), and return how many there was something to tell in.

    Each is one transaction, so a crash loses and repeats nothing. Periods that were missed are told of in one digest.
    A subscription that cannot be told keeps nobody else from being told.

    Raises DigestsNotComposed after all others are done.
    """
    composed, broken = 0, []
    due = Subscription.objects.due(now=now).order_by("next_due_at", "pk")
    for key in list(due.values_list("pk", flat=True)[:MOST_IN_A_RUN]):
        try:
            composed += _compose_if_due(key, now)
        except Exception:
            logger.exception("The digest of subscription %s cannot be composed", key)
            broken.append(key)
    if broken:
        raise DigestsNotComposed(f"subscriptions {', '.join(map(str, broken[:20]))}")
    return composed


@transaction.atomic
def _compose_if_due(key: int, now: datetime) -> bool:
    due = Subscription.objects.due(now=now).filter(pk=key).select_for_update(skip_locked=True).first()
    return due is not None and _compose(due, now) is not None


def _compose(subscription: Subscription, now: datetime) -> Digest | None:
    """Write the digest of a subscription whose row is locked, and the mail with it; move the subscription on.

    `now` ends the period. Returns None when there is nothing to tell; the subscription moves on all the same.
    """
    position = subscription.position or 0
    version = max(position, ledger.version_at(now))
    changes = changes_to_tell(subscription, after=position, version=version)
    deadlines = deadlines_to_tell(subscription, version=version, now=now)
    digest = None
    if changes or deadlines:
        with translation.override(subscription.language):
            contents = _contents(subscription, changes, deadlines, version, now)
            message = mail.queue_digest(subscription=subscription, contents=contents, now=now)
        digest = Digest.objects.create(
            subscription=subscription,
            due_at=subscription.next_due_at or now,
            from_seq=position,
            to_seq=version,
            changes=contents.changes_total,
            deadlines=contents.deadlines_total,
            composed_at=now,
            message=message,
        )
        ToldDeadline.objects.bulk_create(
            [
                ToldDeadline(subscription=subscription, record_id=due.record, due_on=due.due_on, digest=digest)
                for due in deadlines
            ],
            batch_size=5_000,
        )
    subscription.position = version
    subscription.next_due_at = next_delivery(frequency=subscription.frequency, zone=subscription.zone, after=now)
    subscription.save(update_fields=["position", "next_due_at"])
    return digest


def _contents(
    subscription: Subscription, changes: Sequence[int], deadlines: Sequence[Due], version: int, now: datetime
) -> Contents:
    return contents_of(
        subscription=subscription,
        changes=changes,
        deadlines=deadlines,
        version=version,
        today=now.astimezone(UTC).date(),
    )


def renew(message: Message) -> bool:
    """Write a digest again if something was unpublished or redacted since; return whether the mail may leave.

    The mail's row is locked. It tells of the same period and bears the same Message-ID, so nothing is told twice. It is
    cancelled when nothing is left to tell, and has failed when it cannot be written again.
    """
    digest = Digest.objects.filter(message=message).select_related("subscription").first()
    taken_out = LedgerEntry.objects.filter(action__in=[Action.UNPUBLISHED, Action.REDACTED])
    if digest is None or not taken_out.filter(seq__gt=digest.to_seq).exists():
        return True
    try:
        with transaction.atomic(), translation.override(digest.subscription.language):
            return _write_again(digest, message)
    except Exception as error:
        logger.exception("The digest of subscription %s cannot be written again", digest.subscription_id)
        message.state, message.error = MessageState.FAILED, repr(error)[: mail.LONGEST_ERROR]
        message.save(update_fields=["state", "error"])
        return False


def _write_again(digest: Digest, message: Message) -> bool:
    changes = changes_to_tell(digest.subscription, after=digest.from_seq, version=digest.to_seq)
    deadlines = deadlines_told(digest)
    if not changes and not deadlines:
        message.state = MessageState.CANCELLED
        message.save(update_fields=["state"])
        return False
    contents = _contents(digest.subscription, changes, deadlines, digest.to_seq, digest.composed_at)
    mail.rewrite_digest(message, subscription=digest.subscription, contents=contents, now=digest.composed_at)
    digest.changes, digest.deadlines = contents.changes_total, contents.deadlines_total
    digest.save(update_fields=["changes", "deadlines"])
    return True
