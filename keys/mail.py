"""The mail with the link to the page where a key is made and revoked."""

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from keys.links import link_to
from keys.models import ApiKey
from subscriptions.mail import queue_message
from subscriptions.models import Message, MessageKind


def queue_link(*, key: ApiKey, now: datetime) -> Message:
    """Write the mail. Nothing leaves before the transaction is committed."""
    with translation.override(key.language):
        return queue_message(
            MessageKind.KEY,
            to=key.email,
            subject=_("Your key to the API of Pactwatch"),
            context={"link": link_to(key)},
            now=now,
        )
