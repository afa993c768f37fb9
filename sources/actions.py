"""Looking at a source: what was found there is a check, and the text that it had then is kept once."""

import hashlib
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from publishing.errors import DomainError
from sources.models import Check, Snapshot, Source


class NothingToKeep(DomainError):
    code = "nothing_to_keep"
    message = _("There is no text to keep.")


@transaction.atomic
def keep_text(*, source: Source, text: str, by: User, now: datetime) -> Snapshot:
    """Record that somebody looked at a source, and keep the text that it had, once however often it is seen.

    Line ends are those of Unix, and white space around the text is left out; the hash is that of what is kept.
    Raises NothingToKeep.
    """
    kept = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not kept:
        raise NothingToKeep()
    snapshot, _made = Snapshot.objects.get_or_create(
        source=source, hash=hashlib.sha256(kept.encode()).hexdigest(), defaults={"text": kept, "taken_at": now}
    )
    Check.objects.create(source=source, checked_at=now, by=by, snapshot=snapshot)
    return snapshot
