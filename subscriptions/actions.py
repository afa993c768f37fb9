"""The verbs of subscriptions."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from publishing import ledger
from publishing.errors import DomainError
from publishing.models import Publishable
from subscriptions import mail
from subscriptions.models import Message, MessageState, Subscription, SubscriptionState, ToldDeadline
from subscriptions.schedule import next_delivery

CONFIRMATIONS_A_DAY = 3
DAY = timedelta(days=1)
KEEP_UNCONFIRMED = timedelta(days=7)
# With the day until the job comes round, and two more in which it may be late, an address is gone within a week.
KEEP_ENDED = timedelta(days=4)
KEEP_MESSAGES = timedelta(days=90)
KEEP_TOLD = timedelta(days=30)


class TooManyConfirmations(DomainError):
    code = "too_many_confirmations"
    message = _("This address was asked to confirm several times today. Ask again tomorrow.")


class SubscriptionEnded(DomainError):
    code = "subscription_ended"
    message = _("This subscription has ended. Subscribe again if you want to be told.")


@transaction.atomic
def request_subscription(
    *,
    email: str,
    follows: Iterable[Publishable],
    frequency: str,
    language: str,
    time_zone: str,
    now: datetime,
) -> Subscription:
    """Write down a wish, and ask the address for its consent by mail. What it has confirmed before is not touched.

    `now` is an aware moment. Raises TooManyConfirmations when the address got three such mails within a day.
    """
    _lock_address(email)
    if Message.objects.confirmations_to(email, since=now - DAY).count() >= CONFIRMATIONS_A_DAY:
        raise TooManyConfirmations()
    subscription = Subscription.objects.create(
        email=email, frequency=frequency, language=language, time_zone=time_zone, requested_at=now
    )
    subscription.follows.set(follows)
    mail.queue_confirmation(subscription=subscription, now=now)
    return subscription


@transaction.atomic
def confirm_subscription(*, subscription: Subscription, now: datetime) -> Subscription:
    """Begin to tell an address what changes from here on, and return the subscription that does.

    An address has one subscription: if it had one already, what is confirmed now is added to it, frequency, language
    and time zone are taken over, and nothing is told twice. Confirming again changes nothing. Raises SubscriptionEnded.
    """
    _lock_address(subscription.email)
    subscription = Subscription.objects.select_for_update().get(pk=subscription.pk)
    if subscription.is_confirmed:
        return subscription
    if subscription.state == SubscriptionState.UNSUBSCRIBED:
        raise SubscriptionEnded()
    standing = Subscription.objects.confirmed().of(subscription.email).select_for_update().first()
    if standing is not None:
        return _merge(subscription, into=standing, now=now)
    subscription.state, subscription.confirmed_at = SubscriptionState.CONFIRMED, now
    subscription.position = ledger.head().seq
    subscription.next_due_at = next_delivery(frequency=subscription.frequency, zone=subscription.zone, after=now)
    subscription.save()
    return subscription


def _merge(fresh: Subscription, *, into: Subscription, now: datetime) -> Subscription:
    change_subscription(
        subscription=into,
        follows=[*into.follows.all(), *fresh.follows.all()] if into.follows.exists() and fresh.follows.exists() else [],
        frequency=fresh.frequency,
        language=fresh.language,
        time_zone=fresh.time_zone,
        now=now,
    )
    # The mails stay, because they count against the limit of the day.
    fresh.messages.update(subscription=into)
    fresh.delete()
    into.refresh_from_db()
    return into


@transaction.atomic
def change_subscription(
    *,
    subscription: Subscription,
    follows: Iterable[Publishable],
    frequency: str,
    language: str,
    time_zone: str,
    now: datetime,
) -> Subscription:
    """Change what a confirmed subscription tells, and how. Raises SubscriptionEnded when it is not confirmed."""
    subscription = Subscription.objects.select_for_update().get(pk=subscription.pk)
    if not subscription.is_confirmed:
        raise SubscriptionEnded()
    if (frequency, time_zone) != (subscription.frequency, subscription.time_zone):
        subscription.frequency, subscription.time_zone = frequency, time_zone
        subscription.next_due_at = next_delivery(frequency=frequency, zone=subscription.zone, after=now)
    subscription.language = language
    subscription.save()
    subscription.follows.set(follows)
    return subscription


@transaction.atomic
def unsubscribe(*, subscription: Subscription, now: datetime) -> Subscription:
    """End a subscription, and take back the mails to it that have not left yet. Doing it again changes nothing."""
    subscription = Subscription.objects.select_for_update().get(pk=subscription.pk)
    if subscription.state != SubscriptionState.UNSUBSCRIBED:
        subscription.state, subscription.ended_at = SubscriptionState.UNSUBSCRIBED, now
        subscription.next_due_at = None
        subscription.save()
        subscription.messages.waiting().update(state=MessageState.CANCELLED)
    return subscription


@transaction.atomic
def forget_addresses(*, now: datetime) -> int:
    """Delete what there is no reason any more to keep of people, and return how many rows that were.

    Wishes that were not confirmed go after seven days, ended subscriptions with all that was sent to them
    after four, so that an address is gone within a week of leaving; mails after 90; deadlines that
    somebody was told of 30 days after they have passed.
    """
    gone = (
        Message.objects.filter(created_at__lt=now - KEEP_MESSAGES),
        Subscription.objects.never_confirmed(before=now - KEEP_UNCONFIRMED),
        Subscription.objects.ended(before=now - KEEP_ENDED),
        ToldDeadline.objects.filter(due_on__lt=(now - KEEP_TOLD).date()),
    )
    deleted = 0
    for rows in gone:
        deleted += rows.count()
        rows.delete()
    return deleted


def _lock_address(email: str) -> None:
    """Let nobody else ask or confirm for this address until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"subscriptions {email.lower()}"])
