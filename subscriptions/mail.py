"""The outbox: mails are written in the transaction that claims them, and handed to the mail server outside of it.

SMTP cannot tell a repeat from a loss, so a mail whose sender died between the server's answer and the note of it is
handed over again. It then bears the same Message-ID, by which mail servers and programs drop the second copy.
"""

import logging
import smtplib
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from email.utils import make_msgid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publishing.models import SignedHead
from publishing.words import moment_in_words
from subscriptions.contents import Contents
from subscriptions.following import named
from subscriptions.links import Purpose, link_to
from subscriptions.models import Message, MessageKind, MessageState, Subscription

logger = logging.getLogger(__name__)

# With a slow mail server a run still ends well within the time that a worker has; the next one goes on.
MOST_IN_A_RUN = 500
MOST_ATTEMPTS = 12
FIRST_PAUSE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=6)
LONGEST_ERROR = 2000


def queue_confirmation(*, subscription: Subscription, now: datetime) -> Message:
    """Write the mail that asks for consent. Nothing leaves before the transaction is committed."""
    with translation.override(subscription.language):
        follows = named(subscription.follows.values_list("ref", flat=True))
        return queue_message(
            MessageKind.CONFIRMATION,
            to=subscription.email,
            subscription=subscription,
            subject=_("Please confirm: news about AI commitments from Pactwatch"),
            context={"follows": follows, "confirm_url": link_to(subscription, Purpose.CONFIRM)},
            now=now,
        )


def queue_digest(*, subscription: Subscription, contents: Contents, now: datetime) -> Message:
    """Write the mail of a digest, in the reader's language, which is active."""
    return queue_message(
        MessageKind.DIGEST,
        to=subscription.email,
        subscription=subscription,
        subject=_subject(contents),
        context=_digest_context(subscription, contents, now),
        headers={
            "List-Unsubscribe": f"<{link_to(subscription, Purpose.UNSUBSCRIBE)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": f"Pactwatch <digests.{_host()}>",
        },
        now=now,
    )


def rewrite_digest(message: Message, *, subscription: Subscription, contents: Contents, now: datetime) -> None:
    """Write the mail of a digest anew, in the reader's language, which is active; it stays the same mail."""
    message.subject = _subject(contents)
    context = _digest_context(subscription, contents, now)
    message.text, message.html = _rendered(MessageKind.DIGEST, subscription, message.subject, context)
    message.save(update_fields=["subject", "text", "html"])


def _digest_context(subscription: Subscription, contents: Contents, now: datetime) -> dict[str, Any]:
    return {
        "contents": contents,
        "signed": SignedHead.objects.filter(seq__lte=contents.version).order_by("-day").first(),
        "until": moment_in_words(now, zone=subscription.zone),
        "manage_url": link_to(subscription, Purpose.MANAGE),
        "unsubscribe_url": link_to(subscription, Purpose.UNSUBSCRIBE),
    }


def _subject(contents: Contents) -> str:
    changes = ngettext(
        "Pactwatch: %(changes)d status change", "Pactwatch: %(changes)d status changes", contents.changes_total
    )
    deadlines = ngettext("%(deadlines)d deadline coming", "%(deadlines)d deadlines coming", contents.deadlines_total)
    counts = {"changes": contents.changes_total, "deadlines": contents.deadlines_total}
    if not contents.deadlines_total:
        return changes % counts
    if not contents.changes_total:
        return _("Pactwatch: %(news)s") % {"news": deadlines % counts}
    return _("%(news)s, %(more)s") % {"news": changes % counts, "more": deadlines % counts}


def queue_message(
    kind: MessageKind,
    *,
    to: str,
    subject: str,
    context: dict[str, Any],
    now: datetime,
    subscription: Subscription | None = None,
    headers: dict[str, str] | None = None,
) -> Message:
    """Write a mail from the templates of its kind, in the language that is active."""
    text, html = _rendered(kind, subscription, subject, context)
    return Message.objects.create(
        subscription=subscription,
        kind=kind,
        to=to,
        subject=subject,
        text=text,
        html=html,
        # RFC 3834: whoever is away does not answer such mails.
        headers={"Auto-Submitted": "auto-generated", **(headers or {})},
        message_id=make_msgid(domain=_host()),
        created_at=now,
    )


def _rendered(
    kind: MessageKind, subscription: Subscription | None, subject: str, context: dict[str, Any]
) -> tuple[str, str]:
    """Return a mail as text and as HTML."""
    context = {"subscription": subscription, "subject": subject, "base_url": settings.BASE_URL, **context}
    text, html = (render_to_string(f"subscriptions/mail/{kind}.{ending}", context) for ending in ("txt", "html"))
    return text, html


def send_waiting(
    *, now: datetime, renew: Callable[[Message], bool], kinds: Collection[MessageKind] = tuple(MessageKind)
) -> int:
    """Hand up to 500 mails of these kinds that are due by `now` (aware) to the mail server; return how many it took.

    `renew` brings each up to date right before, in the transaction that claims it, or says that it may not leave.

    An attempt is counted before it is made, so that not even one that kills the process goes on for ever: after twelve,
    over some 30 hours, a mail has failed. It has failed at once when the server refuses the address for good.

    Raises OSError (which smtplib's errors are) when the mail server cannot be reached; no attempt is counted then.
    """
    if not Message.objects.due(now=now).filter(kind__in=kinds).exists():
        return 0
    sent = 0
    server = get_connection()
    server.open()
    try:
        for _turn in range(MOST_IN_A_RUN):
            message = _claim(now, kinds, renew)
            if message is None:
                break
            sent += _send(message, server, now)
    finally:
        server.close()
    return sent


@transaction.atomic
def _claim(now: datetime, kinds: Collection[MessageKind], renew: Callable[[Message], bool]) -> Message | None:
    due = Message.objects.due(now=now).filter(kind__in=kinds).order_by("try_at", "pk")
    one = due.select_for_update(skip_locked=True, of=("self",))
    message = next((each for each in iter(one.first, None) if renew(each)), None)
    if message is not None:
        message.attempts += 1
        message.try_at = now + min(FIRST_PAUSE * 2 ** (message.attempts - 1), LONGEST_PAUSE)
        message.save(update_fields=["attempts", "try_at"])
    return message


def _send(message: Message, server: BaseEmailBackend, now: datetime) -> bool:
    mail = EmailMultiAlternatives(
        message.subject,
        message.text,
        to=[message.to],
        headers={**message.headers, "Message-ID": message.message_id},
        connection=server,
    )
    mail.attach_alternative(message.html, "text/html")
    mine = Message.objects.filter(pk=message.pk)
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as error:
        logger.warning("Mail %s was not taken: %s", message.message_id, error)
        given_up = _is_final(error) or message.attempts >= MOST_ATTEMPTS
        # Unless somebody has unsubscribed meanwhile, which cancels it.
        mine.waiting().update(
            state=MessageState.FAILED if given_up else MessageState.WAITING, error=repr(error)[:LONGEST_ERROR]
        )
        # Whatever was left of the conversation would be taken for the next mail's.
        server.close()
        server.open()
        return False
    mine.update(state=MessageState.SENT, sent_at=now, error="")
    return True


def _is_final(error: Exception) -> bool:
    """Whether the server refused the address for good: RFC 5321, section 4.2.1, replies of 500 and above."""
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= 500 for code, _reply in error.recipients.values()
    )


def send_again(*, messages: QuerySet[Message], now: datetime) -> int:
    """Put those of the messages that have failed back into the outbox, with fresh attempts, and return how many."""
    failed = messages.filter(state=MessageState.FAILED)
    return failed.update(state=MessageState.WAITING, attempts=0, try_at=now, error="")


def _host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "localhost"
