"""The mails by which staff choose their passwords."""

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.actions import password_path
from accounts.models import PasswordLink
from subscriptions.links import absolute
from subscriptions.mail import queue_message
from subscriptions.models import MessageKind


def queue_password_links(*, now: datetime) -> int:
    """Write the mails that were asked for, and return how many.

    The link is made here, at the last moment: it is good for one choice within three days.
    """
    written = 0
    for key in PasswordLink.objects.filter(written_at=None).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            asked = PasswordLink.objects.select_for_update().filter(pk=key, written_at=None).first()
            if asked is None:
                continue
            with translation.override(asked.user.language):
                queue_message(
                    MessageKind.PASSWORD,
                    to=asked.user.email,
                    subject=_("Choose your password for Pactwatch"),
                    context={"account": asked.user, "link": absolute(password_path(asked.user))},
                    now=now,
                )
            asked.written_at = now
            asked.save(update_fields=["written_at"])
            written += 1
    return written
