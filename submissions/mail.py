"""The mail with a receipt. It holds nothing that the sender wrote, so that it carries nobody's words to others."""

from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from submissions.models import Submission
from subscriptions.links import absolute
from subscriptions.mail import queue_message
from subscriptions.models import Message, MessageKind


def queue_receipt(*, submission: Submission, now: datetime) -> Message:
    """Write the mail. Nothing leaves before the transaction is committed."""
    with translation.override(submission.language):
        return queue_message(
            MessageKind.RECEIPT,
            to=submission.email,
            subject=_("What you sent to Pactwatch was received"),
            context={
                "record": submission.finding.subject,
                "link": absolute(reverse("submissions:receipt", args=[submission.receipt])),
            },
            now=now,
        )
