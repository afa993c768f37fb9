"""What a merger would move: every row of any table that leads to the thing that goes, found by the models' links."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models
from django.db.models import Q
from pghistory.models import Event

from publishing.errors import MergeTheseFirst, NotMergeable, PartOfEachOther
from publishing.models import Document, Merger, PendingEdit, PendingRedaction, PublicationState, Publishable, Redaction
from publishing.resource import registry

ALL = Q(pk__isnull=False)
# Which rows stay with the old thing, because they are its history, by the link (`app.Model.field`) that leads to it.
# Higher layers add theirs.
staying: dict[str, Q] = {
    f"{Document._meta.label}.thing": ALL,
    f"{Merger._meta.label}.old": ALL,
    f"{Merger._meta.label}.into": ALL,
    f"{PendingEdit._meta.label}.thing": ALL,
    f"{Redaction._meta.label}.thing": ALL,
    f"{PendingRedaction._meta.label}.thing": ALL,
}


class Pair(NamedTuple):
    """A thing that goes, and the one that takes its place."""

    old: Publishable
    into: Publishable


class Move(NamedTuple):
    """A row whose `link` leads to the thing `left`, and is to lead `to` another; None: it is there already and goes."""

    link: Any
    row: Any
    left: int
    to: int | None

    @property
    def name(self) -> str:
        return name_of(self.link)


@dataclass
class Plan:
    """What a merger does: the pairs, beginning with the two things themselves, and the rows that move."""

    pairs: list[Pair]
    moves: list[Move] = field(default_factory=list)

    @property
    def things(self) -> set[int]:
        """The keys of the things whose documents tell of what moves."""
        return {key for move in self.moves for key in owners_of(move.row)}


def name_of(link: Any) -> str:
    return f"{link.model._meta.label}.{link.name}"


def plan_merger(*, old: int, into: int) -> Plan:
    """Work out what it takes to merge one thing into another, both given by key. Reads only.

    What would be the same twice is merged with them, such as two signatures of one declaration, or two pledges of one
    commitment of which the one that goes has no status; one that has is merged by itself first.

    Raises NotMergeable, PartOfEachOther, MergeTheseFirst.
    """
    found = Publishable.objects.in_bulk([old, into])
    resource = registry[found[old].resource]
    public = all(thing.is_public for thing in found.values())
    if old == into or not resource.mergeable or not public or found[into].resource != resource.name:
        raise NotMergeable(ref=found[old].ref, into=found[into].ref)
    rows = resource.model._base_manager.in_bulk([old, into])
    plan = Plan([Pair(rows[old], rows[into])])
    _refuse_lineage(plan.pairs[0])
    for pair in plan.pairs:
        for link in links_to(type(pair.old)):
            _plan_link(link, pair, plan)
    return plan


def links_by_name() -> dict[str, Any]:
    """Return all links between tables by their names."""
    return {
        name_of(link): link
        for table in apps.get_models(include_auto_created=True)
        for link in table._meta.local_fields
        if link.is_relation
    }


def links_to(model: type[models.Model]) -> Iterator[Any]:
    """Yield the columns of all tables that lead to a row of a model or of one of its parents."""
    lineage = {model, *model._meta.get_parent_list()}
    for table in apps.get_models(include_auto_created=True):
        if issubclass(table, Event):
            continue
        starts = {many.m2m_field_name() for many in _many_of(table)}
        for link in table._meta.local_fields:
            inherits = getattr(link.remote_field, "parent_link", False)
            if link.related_model in lineage and not inherits and link.name not in starts:
                yield link


def owners_of(row: Any) -> set[int]:
    """Return the keys of the things whose documents tell of a row: itself, or what a row of links starts from."""
    if isinstance(row, Publishable):
        return {row.pk}
    starts = {many.m2m_field_name() for many in _many_of(type(row))}
    named = {
        getattr(row, link.attname)
        for link in row._meta.local_fields
        if isinstance(link.related_model, type)
        and issubclass(link.related_model, Publishable)
        and (link.name in starts or not row._meta.auto_created)
    }
    return named - {None}


def _many_of(table: Any) -> Iterator[Any]:
    """Yield the many-to-many field that a table of links belongs to; what such a row starts from is no link to it."""
    if table._meta.auto_created:
        for many in table._meta.auto_created._meta.local_many_to_many:
            if many.remote_field.through is table:
                yield many


def _plan_link(link: Any, pair: Pair, plan: Plan) -> None:
    table: Any = link.model
    rows = table._base_manager.filter(**{link.name: pair.old.pk}).exclude(staying.get(name_of(link), ~ALL))
    things = issubclass(table, Publishable)
    if things and name_of(link) != MERGED_INTO:
        rows = rows.exclude(state=PublicationState.MERGED)
    found = list(rows.order_by("pk"))
    same = _same_again(link, pair, [row.pk for row in found]) if things else {}
    going = {old.pk for old, _into in plan.pairs}
    for row in found:
        here, twin = same.get(row.pk) or (row, _twin(row, link, pair.into.pk))
        if not things:
            there = twin is not None or pair.into.pk in owners_of(row)
            plan.moves.append(Move(link, row, pair.old.pk, None if there else pair.into.pk))
        elif twin is None:
            plan.moves.append(Move(link, row, pair.old.pk, pair.into.pk))
        elif row.is_public and row.pk not in going:
            if not twin.is_public or _leaves_history(here):
                raise MergeTheseFirst(ref=here.ref, into=twin.ref)
            plan.pairs.append(Pair(here, twin))


MERGED_INTO = f"{Publishable._meta.label}.merged_into"


def _twin(row: Any, link: Any, into: int) -> Any:
    """Return the row that would be the same as this one, by what the constraints say may be there once."""
    wholes: list[Sequence[str]] = [tuple(names) for names in row._meta.unique_together]
    wholes += [rule.fields for rule in row._meta.constraints if isinstance(rule, models.UniqueConstraint)]
    for names in wholes:
        if link.name in names:
            columns: list[Any] = [row._meta.get_field(name) for name in names]
            same = {column.name: getattr(row, column.attname) for column in columns} | {link.name: into}
            found = type(row)._base_manager.filter(**same).exclude(pk=row.pk).order_by("pk")
            if isinstance(row, Publishable):
                found = found.exclude(state=PublicationState.MERGED)
            if first := found.first():
                return first
    return None


def _same_again(link: Any, pair: Pair, moved: Sequence[int]) -> dict[int, tuple[Any, Any]]:
    """Return the things that would become what another one is already, by key, each with that one.

    It is so by what their resource has `once`. Three queries for a kind.
    """
    found: dict[int, tuple[Any, Any]] = {}
    for resource in registry:
        if link.name not in resource.once or not issubclass(resource.model, link.model):
            continue
        columns: list[Any] = [resource.model._meta.get_field(name) for name in resource.once if name != link.name]
        rest = [column.attname for column in columns]
        standing = resource.model._base_manager.exclude(state=PublicationState.MERGED)
        there = {
            tuple(values): key for key, *values in standing.filter(**{link.name: pair.into.pk}).values_list("pk", *rest)
        }
        twins = {
            key: there[tuple(values)]
            for key, *values in standing.filter(pk__in=moved).order_by("pk").values_list("pk", *rest)
            if tuple(values) in there
        }
        rows = resource.model._base_manager.in_bulk([*twins, *twins.values()])
        found |= {key: (rows[key], rows[twin]) for key, twin in twins.items()}
    return found


def _leaves_history(row: Publishable) -> bool:
    """Whether something public, such as a status change, would stay behind with a thing that goes."""
    return any(
        link.model._base_manager.filter(**{link.name: row.pk}, state=PublicationState.PUBLISHED).exists()
        for link in links_to(type(row))
        if issubclass(link.model, Publishable) and staying.get(name_of(link)) == ALL
    )


def _refuse_lineage(pair: Pair) -> None:
    """Raise PartOfEachOther when one of the two is above the other."""
    model = type(pair.old)
    for link in model._meta.get_fields():
        if not (link.many_to_one and link.concrete and link.related_model is model):
            continue
        above = dict(model._base_manager.exclude(**{link.name: None}).values_list("pk", link.attname))
        for start, other in ((pair.old.pk, pair.into.pk), (pair.into.pk, pair.old.pk)):
            seen, current = set(), above.get(start)
            while current is not None and current not in seen:
                if current == other:
                    raise PartOfEachOther(ref=pair.old.ref, into=pair.into.ref)
                seen.add(current)
                current = above.get(current)
