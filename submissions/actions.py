"""The verbs of submissions."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from submissions import mail
from submissions.models import Submission
from subscriptions.models import Message, MessageKind
from tracking.actions import submit_finding
from tracking.models import Record

RECEIPTS_A_DAY = 3
DAY = timedelta(days=1)
KEEP_ADDRESS = timedelta(days=30)
KEEP_MAILS = timedelta(days=4)


@transaction.atomic
def send_in(
    *, record: Record, kind: str, text: str, url: str, email: str, language: str, now: datetime
) -> tuple[Submission, bool]:
    """Put what a reader sent before the desk; return it, and whether it is new. No status changes.

    The same words about the same record from the same address are one submission, however often they are sent. An
    address gets three receipts by mail a day at most, since anybody can write anybody's there.
    """
    parts = (record.ref, kind, text.strip(), url, email.lower())
    digest = salted_hmac("submissions", "\0".join(parts), algorithm="sha256").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"submissions {email or digest}"])
    known = Submission.objects.filter(digest=digest).first()
    if known is not None:
        return known, False
    seen = {"sent_in": kind, "text": text.strip(), **({"url": url} if url else {})}
    finding = submit_finding(record=record, seen=seen, fingerprint=digest, now=now)
    submission = Submission.objects.create(
        finding=finding, digest=digest, email=email, language=language, received_at=now
    )
    sent = Message.objects.filter(kind=MessageKind.RECEIPT, to__iexact=email, created_at__gt=now - DAY)
    if email and sent.count() < RECEIPTS_A_DAY:
        mail.queue_receipt(submission=submission, now=now)
    return submission, True


@transaction.atomic
def forget_senders(*, now: datetime) -> int:
    """Take out the addresses of those whose submissions were dealt with 30 days ago; return how many.

    The mails with receipts are deleted four days after they were written.
    """
    Message.objects.filter(kind=MessageKind.RECEIPT, created_at__lt=now - KEEP_MAILS).delete()
    return Submission.objects.dealt_with(before=now - KEEP_ADDRESS).exclude(email="").update(email="")
