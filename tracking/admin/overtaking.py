"""A decision whose record has moved on: what it was based on beside what stands now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from publishing import reading
from publishing.resource import Resource, registry
from tracking.models import Decision, StatusChange
from tracking.statuses import STATUSES

# Computed fields that say something about the record itself; the others change as days pass.
COMPARED = ("status", "status_since", "contested")


class Part(NamedTuple):
    label: str
    then: str
    now: str


@dataclass(frozen=True)
class Comparison:
    """The parts of a record that differ between two positions of the ledger, and the statuses published in between."""

    then: int
    now: int
    parts: list[Part]
    changes: list[StatusChange]


def compare(decision: Decision, *, now: datetime) -> Comparison:
    """Return what has happened to a decision's record since the position that it is based on. A dozen queries."""
    record, resource = decision.record, registry[decision.record.resource]
    stood, stands = reading.ask(now=now, version=decision.based_on), reading.ask(now=now)
    before, after = (next(iter(reading.present(resource, [record.pk], asked)), {}) for asked in (stood, stands))
    names = [name for name in after if name in COMPARED or name not in resource.computed]
    parts = [
        Part(_label(resource, name), _shown(before.get(name)), _shown(after[name]))
        for name in names
        if before.get(name) != after[name]
    ]
    changes = StatusChange.objects.filter(record=record, first_version__gt=decision.based_on).order_by("seq")
    return Comparison(decision.based_on, stands.version, parts, list(changes))


def _label(resource: type[Resource], name: str) -> str:
    columns = {column.name: column.verbose_name for column in resource.model._meta.fields}
    field = resource.fields.get(name)
    return str(columns.get(name) or (field.help if field else name))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return " · ".join(str(part) for part in value.values() if part) or "–"
    if isinstance(value, list):
        return ", ".join(_shown(part) for part in value) or "–"
    if isinstance(value, str) and value in STATUSES:
        return str(STATUSES[value].label)
    return "–" if value in (None, "") else str(value)
