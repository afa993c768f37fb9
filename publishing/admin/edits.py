"""The edit history of a row as staff read it: who, when, and which fields from what to what."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import pghistory.core
from django.db import models
from django.utils.translation import gettext as _

from accounts.models import User


class FieldEdit(NamedTuple):
    name: str
    before: str
    after: str


@dataclass
class Edit:
    """What was changed in one go; `by` is None for what a command or a job did."""

    at: datetime
    by: User | None
    fields: list[FieldEdit] = field(default_factory=list)


def edits_of(row: models.Model) -> list[Edit]:
    """Return the edits of a row, the newest first, those of its parents' tables put together with its own.

    One query for each table, and one for the people.
    """
    found: dict[tuple[Any, datetime], tuple[Any, list[FieldEdit]]] = {}
    for events in _histories(type(row)):
        kept = events._default_manager.filter(pgh_obj=row.pk).order_by("pgh_id")
        # Each event is the row as it was before an edit; after the last edit it is as it is now.
        states = [*kept.select_related("pgh_context"), row]
        for before, after in pairwise(states):
            context = before.pgh_context
            key = (before.pgh_context_id, before.pgh_created_at)
            user = context.metadata.get("user") if context else None
            found.setdefault(key, (user, []))[1].extend(_differences(events, before, after))
    people = User.objects.in_bulk({user for user, _fields in found.values() if user is not None})
    edits = [Edit(at, people.get(user), fields) for (_context, at), (user, fields) in found.items() if fields]
    return sorted(edits, key=lambda edit: edit.at, reverse=True)


def _histories(model: type[models.Model]) -> Iterator[Any]:
    for table in [model, *model._meta.get_parent_list()]:
        yield from pghistory.core.event_models(tracks_model=table)


def _differences(events: Any, before: Any, after: Any) -> Iterator[FieldEdit]:
    for column in events._meta.fields:
        if column.name.startswith("pgh_") or getattr(before, column.attname) == getattr(after, column.attname):
            continue
        own = events.pgh_tracked_model._meta.get_field(column.name)
        yield FieldEdit(str(own.verbose_name), _shown(own, before), _shown(own, after))


def _shown(column: Any, row: Any) -> str:
    value = getattr(row, column.attname)
    if value in (None, ""):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if column.is_relation:
        target = column.remote_field.model._base_manager.filter(pk=value).first()
        return str(target or value)
    return str(dict(column.flatchoices).get(value, value))
