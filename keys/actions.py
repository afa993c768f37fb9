"""The verbs of keys."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from keys import mail
from keys.models import ApiKey
from publishing.errors import DomainError
from subscriptions.models import Message, MessageKind

REQUESTS_A_DAY = 3
MOST_OF_AN_ADDRESS = 5
DAY = timedelta(days=1)
KEEP_UNCONFIRMED = timedelta(days=7)
# With the day until the job comes round, and two more in which it may be late, an address is gone within a week.
KEEP_REVOKED = timedelta(days=4)
LONGEST_KEY = 200


class TooManyRequests(DomainError):
    code = "too_many_key_requests"
    message = _("This address asked for several keys today. Ask again tomorrow.")


class TooManyKeys(DomainError):
    code = "too_many_keys"
    message = _("This address has five keys already. Revoke one of them first.")


class KeyMadeBefore(DomainError):
    code = "key_made_before"
    message = _("This key was made and shown before; only its hash is kept. If you lost it, ask for a new one.")


@transaction.atomic
def request_key(*, email: str, language: str, now: datetime) -> ApiKey:
    """Write down the wish for a key, and ask the address by mail. Raises TooManyRequests after three within a day."""
    _lock_address(email)
    if ApiKey.objects.of(email).filter(requested_at__gt=now - DAY).count() >= REQUESTS_A_DAY:
        raise TooManyRequests()
    key = ApiKey.objects.create(email=email, language=language, requested_at=now)
    mail.queue_link(key=key, now=now)
    return key


@transaction.atomic
def make_key(*, key: ApiKey, now: datetime) -> str:
    """Make the key that was asked for, and return it. Nobody can read it again: only its hash is kept.

    It has 256 random bits, so that a plain SHA-256 of it cannot be guessed from.

    Raises KeyMadeBefore, TooManyKeys.
    """
    _lock_address(key.email)
    key = ApiKey.objects.select_for_update().get(pk=key.pk)
    if key.confirmed_at is not None:
        raise KeyMadeBefore()
    if ApiKey.objects.working().of(key.email).count() >= MOST_OF_AN_ADDRESS:
        raise TooManyKeys()
    key.prefix = f"pw_{secrets.token_hex(5)}"
    secret = f"{key.prefix}_{secrets.token_urlsafe(32)}"
    key.digest, key.confirmed_at = _digest(secret), now
    key.save(update_fields=["prefix", "digest", "confirmed_at"])
    return secret


@transaction.atomic
def revoke_key(*, key: ApiKey, now: datetime) -> ApiKey:
    """End a key at once, or take back the wish for it; a wish leaves nothing behind. Again changes nothing."""
    key = ApiKey.objects.select_for_update().get(pk=key.pk)
    if key.works:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
    return key


def key_of(secret: str) -> ApiKey | None:
    """Return the working key that somebody sent; None for anything else. One query."""
    prefix = "_".join(secret.split("_", 2)[:2])
    if len(secret) > LONGEST_KEY or not secret.isascii() or "\0" in secret:
        return None
    key = ApiKey.objects.working().filter(prefix=prefix).first()
    return key if key is not None and hmac.compare_digest(key.digest, _digest(secret)) else None


@transaction.atomic
def forget_owners(*, now: datetime) -> int:
    """Delete what there is no reason any more to keep of people, and return how many rows that were.

    Wishes that were not confirmed go after seven days, revoked keys and the mails about keys after four.
    """
    gone = (
        Message.objects.filter(kind=MessageKind.KEY, created_at__lt=now - KEEP_REVOKED),
        ApiKey.objects.never_confirmed(before=now - KEEP_UNCONFIRMED),
        ApiKey.objects.revoked(before=now - KEEP_REVOKED),
    )
    deleted = 0
    for rows in gone:
        deleted += rows.count()
        rows.delete()
    return deleted


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _lock_address(email: str) -> None:
    """Let nobody else ask or confirm for this address until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"keys {email.lower()}"])
