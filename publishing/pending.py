"""The verbs of edits that wait for somebody who may publish them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from publishing.actions import refuse_without_right
from publishing.differences import Difference
from publishing.errors import EditClosed
from publishing.models import PendingEdit, PendingState, Publishable


@transaction.atomic
def keep_edit(
    *, thing: Publishable, form: dict[str, Any], differences: Sequence[Difference], by: User, now: datetime
) -> PendingEdit:
    """Keep an edit of a public thing for a reviewer. An earlier one of the same person that waits is discarded."""
    Publishable.objects.select_for_update(no_key=True).get(pk=thing.pk)
    PendingEdit.objects.filter(thing=thing.pk, prepared_by=by, state=PendingState.WAITING).update(
        state=PendingState.DISCARDED, closed_by=by, closed_at=now
    )
    return PendingEdit.objects.create(
        thing_id=thing.pk, form=form, differences=list(differences), prepared_by=by, prepared_at=now
    )


@transaction.atomic
def discard_edit(*, edit: PendingEdit, by: User, now: datetime) -> None:
    """Close an edit without publishing it: its own author, or somebody who may publish.

    Raises EditClosed, NotAllowedToPublish.
    """
    if by.pk != edit.prepared_by_id:
        refuse_without_right(by=by)
    close_edit(edit=edit, state=PendingState.DISCARDED, by=by, now=now)


def close_edit(*, edit: PendingEdit, state: PendingState, by: User, now: datetime) -> None:
    """Raises EditClosed when it waits no more."""
    waiting = PendingEdit.objects.filter(pk=edit.pk, state=PendingState.WAITING)
    if not waiting.update(state=state, closed_by=by, closed_at=now):
        raise EditClosed()
