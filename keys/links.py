"""The address in the mail about a key. Whoever has it may make the key, once, and revoke it."""

import uuid

from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils import translation

from keys.models import ApiKey
from subscriptions.links import absolute

_signer = Signer(salt="keys.owner", sep=".")


def token_for(key: ApiKey) -> str:
    return _signer.sign(key.link.hex)


def key_behind(token: str) -> ApiKey | None:
    """Return the key that a token was made for; None when it was not made here, or what it was made for is gone."""
    try:
        return ApiKey.objects.filter(link=uuid.UUID(hex=_signer.unsign(token))).first()
    except BadSignature:
        return None


def link_to(key: ApiKey) -> str:
    """Return the whole address of a key's page, in its owner's language."""
    with translation.override(key.language):
        return absolute(reverse("keys:own", args=[token_for(key)]))
