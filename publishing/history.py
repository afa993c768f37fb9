"""Edit history kept by database triggers: every write path leaves the row as it was before."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pghistory
from django.db import models

M = TypeVar("M", bound=type[models.Model])


def tracked(related_name: str, *, but: Sequence[str] = (), without: Sequence[str] = ()) -> Callable[[M], M]:
    """Keep each earlier state of a model's own table, whenever another field than those in `but` changed.

    Fields in `without` are not kept at all.

    A row enters the history when it is updated or deleted, as it was before; the first state of what is public stands
    in its document. Under multi-table inheritance every table has a history of its own, hence the `related_name`.
    """
    return pghistory.track(
        pghistory.UpdateEvent(
            row=pghistory.Old,
            condition=pghistory.AnyChange(exclude=[*but, *without]) if but or without else pghistory.AnyChange(),
        ),
        pghistory.DeleteEvent(),
        exclude=list(without),
        obj_field=pghistory.ObjForeignKey(related_name=related_name),
    )
