"""The addresses in mails. A link that may do something carries a signed token, made for that one purpose.

Nothing about tokens is stored: a token is the subscription's random key and its signature, so every mail can carry
the same link, and a link works as long as the subscription and the secret key live.
"""

import uuid
from enum import StrEnum

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils import translation

from subscriptions.models import Subscription


class Purpose(StrEnum):
    """What a token lets its holder do, which is also the name of the page behind the link."""

    CONFIRM = "confirm"
    MANAGE = "manage"
    UNSUBSCRIBE = "unsubscribe"


class LinkNotValid(Exception):
    """The token was not made here for this purpose, or its subscription is gone."""


def token_for(subscription: Subscription, purpose: Purpose) -> str:
    """Return the token that lets whoever has it do this one thing to this one subscription."""
    return _signer(purpose).sign(subscription.key.hex)


def subscription_of(token: str, purpose: Purpose) -> Subscription:
    """Return the subscription that a token was made for. Raises LinkNotValid."""
    try:
        return Subscription.objects.get(key=uuid.UUID(hex=_signer(purpose).unsign(token)))
    except (BadSignature, Subscription.DoesNotExist):
        raise LinkNotValid from None


def link_to(subscription: Subscription, purpose: Purpose) -> str:
    """Return the whole address of a subscription's page, in the subscriber's language."""
    with translation.override(subscription.language):
        return absolute(reverse(f"subscriptions:{purpose}", args=[token_for(subscription, purpose)]))


def link_to_record(ref: str, *, language: str, version: int) -> str:
    """Return the whole address of a record's page as it stood at a data version."""
    return absolute(f"/{language}/records/{ref}/?version={version}")


def absolute(path: str) -> str:
    """Return the whole address of a path of this site: from BASE_URL, because whoever asks chooses the Host header."""
    return settings.BASE_URL + path


def _signer(purpose: Purpose) -> Signer:
    return Signer(salt=f"subscriptions.{purpose}", sep=".")
