"""What a list can be filtered by, made from the declaration of its resource, for rows as they stand and for documents.

The present is asked of the models' columns, which are indexed; the past of the documents that stood at a version. Both
give the same answer to the same question, because a public row and its document are always equal.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Self, cast

import django_filters
from django.db import models
from django.db.models import BooleanField, Case, Q, QuerySet, When
from django.db.models import Value as Literal
from django.db.models.fields.json import KT

from api import values
from publishing import reading
from publishing.dates import QUARTERS, PartialDateField, span_of
from publishing.fields import Choice, Derived, Field, Flag, Ref, Refs
from publishing.ledger import timestamp
from publishing.models import Document, PublicationState
from publishing.resource import Asked, Computed, Related, Resource, registry


class Named(NamedTuple):
    """What the refs in a question stand for: their keys, and for those that were merged, the refs that took over."""

    keys: Mapping[str, int]
    taken_over: Mapping[str, str]


@dataclass(frozen=True)
class Scope:
    """What the filters of one question share: what is asked, whether of the present, and what the refs in it name."""

    asked: Asked
    live: bool
    named: Named


class QuestionFilter(django_filters.Filter):
    """A filter whose parameter is one of our values."""

    def __init__(self, name: str, lookup: str, value: values.Value):
        super().__init__(field_name=name, lookup_expr=lookup)
        self.value = value

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Each question has its own filters; what they were made from is shared."""
        return copy(self)

    @property
    def field(self) -> values.Value:
        return self.value

    @property
    def targets(self) -> tuple[str, ...]:
        """The resources that the refs of its value can belong to."""
        one = self.value.one if isinstance(self.value, values.Many) else self.value
        return one.resources if isinstance(one, values.RefValue) else ()

    def refs(self, value: Any) -> list[str]:
        """Return the refs that a value names."""
        if not self.targets or value is None:
            return []
        return value if isinstance(value, list) else [value]

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return qs if value is None else qs.filter(**{f"{self.field_name}__{self.lookup_expr}": value})


class DeclaredFilter(QuestionFilter):
    """One lookup of one declared field."""

    def __init__(self, resource: type[Resource], declared: Field, lookup: str):
        super().__init__(declared.name, lookup, value_of(resource, declared, lookup))
        self.resource, self.declared, self.lookup = resource, declared, lookup

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if value is None:
            return qs
        scope: Scope = self.parent.scope
        lookup = self.lookup
        if lookup == "not" and isinstance(value, bool):
            lookup, value = "exact", not value
        if lookup == "not":
            return qs.filter(complement(self.condition("exact", value, scope)))
        if isinstance(self.declared, Computed) and value is False and lookup == "exact":
            return qs.filter(complement(self.condition("exact", True, scope)))
        if lookup == "isnull" and value:
            return qs.filter(complement(self.condition("isnull", False, scope)))
        return qs.filter(self.condition(lookup, value, scope))

    def condition(self, lookup: str, value: Any, scope: Scope) -> Q:
        """Return what rows, or documents, must meet."""
        if self.targets and lookup in ("exact", "in"):
            value = [scope.named.taken_over.get(ref, ref) for ref in self.refs(value)]
            lookup = "in"
        lookup, value = plain(self.declared, lookup, value, scope)
        if scope.live:
            return stands(self.resource, self.declared, lookup, value, scope)
        return stood(self.resource, self.declared, lookup, value, scope)


class QuestionFilterSet(django_filters.FilterSet):
    """The filters of one list, for values that have been understood already."""

    def narrow(self, understood: Mapping[str, Any]) -> QuerySet:
        """Return the rows that meet everything that was asked."""
        rows = self.queryset
        for name, each in self.filters.items():
            rows = each.filter(rows, understood.get(name))
        return rows


class DeclaredFilterSet(QuestionFilterSet):
    """The filters of a resource; `scope` is set once the question is understood."""

    scope: Scope


def filters_of(resource: type[Resource]) -> dict[str, DeclaredFilter]:
    """Return the filters of a resource by the names of their parameters."""
    found = {}
    for declared in declared_fields(resource).values():
        for lookup in declared.lookups:
            name = declared.name if lookup == "exact" else f"{declared.name}__{lookup}"
            found[name] = DeclaredFilter(resource, declared, lookup)
    return found


def declared_fields(resource: type[Resource]) -> dict[str, Field]:
    return {**resource.fields, **resource.computed, **resource.related}


def value_of(resource: type[Resource], declared: Field, lookup: str) -> values.Value:
    """Return what the parameter for a lookup of a field can be."""
    if lookup == "isnull":
        return values.Truth(help_text=declared.help)
    one = _one_value(resource, declared, ranged=lookup in ("gte", "lte"))
    return values.Many(one, help_text=declared.help) if lookup == "in" else one


def _one_value(resource: type[Resource], declared: Field, *, ranged: bool) -> values.Value:
    said = {"help_text": declared.help}
    if targets := targets_of(resource, declared):
        return values.RefValue(targets, **said)
    if isinstance(declared, Choice):
        return values.Word(declared.choices.values, **said)
    if isinstance(declared, Derived) and declared.words:
        return values.Word(declared.words, **said)
    if isinstance(declared, Computed):
        if declared.choices:
            return values.Word([word for word, _label in declared.choices], **said)
        if declared.type == "boolean":
            return values.Truth(**said)
        return values.StatedDay(**said) if ranged else values.WholeDay(**said)
    match column_of(resource.model, declared.source):
        case models.BooleanField():
            return values.Truth(**said)
        case models.DateTimeField():
            return values.Moment(**said)
        case models.DateField():
            return values.StatedDay(**said) if ranged else values.WholeDay(**said)
        case PartialDateField():
            return values.StatedDay(**said)
        case column:
            judges = [judge for judge in column.validators if not hasattr(judge, "limit_value")]
            return values.Words(judges=judges, max_length=column.max_length or 500, **said)


def targets_of(resource: type[Resource], declared: Field) -> tuple[str, ...]:
    """Return the resources that a field's value names a thing of; nothing for a field that is no link."""
    if isinstance(declared, Ref | Refs):
        return declared.resources or tuple(registry.names())
    if isinstance(declared, Related):
        return declared.resources
    return tuple(kind.name for kind in resource.kinds()) if declared.name == "ref" else ()


def column_of(model: type[models.Model], path: str) -> models.Field:
    """Return the model field that an ORM path leads to."""
    *links, last = path.split("__")
    for link in links:
        model = cast(type[models.Model], model._meta.get_field(link).related_model)
    return cast(models.Field, model._meta.get_field(last))


def plain(declared: Field, lookup: str, value: Any, scope: Scope) -> tuple[str, Any]:
    """Return lookup and value as the columns and the documents hold them: exact becomes in, days and moments texts."""
    if lookup in ("exact", "in") and not isinstance(value, bool):
        several: Sequence[Any] = [text_of(item) for item in (value if lookup == "in" else [value])]
        if isinstance(declared, Related):
            for name in declared.resources:
                several = narrower(registry[name], several, scope.asked.version)
        return "in", several
    return lookup, text_of(value)


def text_of(value: Any) -> Any:
    """Return a day or a moment as documents have it, and every other value as it is."""
    if isinstance(value, datetime):
        return timestamp(value)
    return value.isoformat() if isinstance(value, date) else value


def narrower(resource: type[Resource], refs: Sequence[str], version: int) -> Sequence[str]:
    """Return refs and all that stood below them at a version, where the resource has broader and narrower things.

    One query, or none.
    """
    if not resource.broader:
        return refs
    below: dict[str, list[str]] = {}
    rows = reading.standing(version).filter(thing__resource=resource.name)
    for ref, above in rows.values_list("thing__ref", KT(f"body__{resource.broader}")):
        below.setdefault(above, []).append(ref)
    found = list(refs)
    for ref in found:
        found.extend(child for child in below.get(ref, ()) if child not in found)
    return found


def complement(condition: Q) -> Case:
    """Return true where a condition is false or unknown."""
    return Case(When(condition, then=Literal(False)), default=Literal(True), output_field=BooleanField())


def stands(resource: type[Resource], declared: Field, lookup: str, value: Any, scope: Scope) -> Q:
    """Return the condition on the rows of a model as they stand."""
    if isinstance(declared, Computed):
        return resource.computed_condition(declared.name, lookup, ranged(lookup, value), scope.asked, live=True)
    if declared.name == "ref":
        return Q(pk__in=[scope.named.keys[ref] for ref in value if ref in scope.named.keys])
    if isinstance(declared, Related) and declared.through:
        kind, own, link = linking(declared, declared.through)
        met = stands(kind, own, lookup, value, scope)
        linked = kind.model._base_manager.filter(met, state=PublicationState.PUBLISHED)
        return Q(pk__in=linked.values(link.source))
    if targets_of(resource, declared):
        path = declared.source.removesuffix("__ref")
        column = column_of(resource.model, path)
        if isinstance(column, models.ManyToManyField):
            through = cast(type[models.Model], column.remote_field.through)
            rows = through._default_manager.all()
            if lookup != "isnull":
                rows = rows.filter(**{f"{column.m2m_reverse_field_name()}__in": keys_of(value, scope)})
            return Q(pk__in=rows.values(column.m2m_field_name()))
        if lookup == "isnull":
            return Q(**{f"{path}__isnull": value})
        return Q(**{f"{path}__in": keys_of(value, scope)})
    column = column_of(resource.model, declared.source)
    return compared(
        declared.source,
        lookup,
        value,
        partial=isinstance(column, PartialDateField),
        text=isinstance(column, models.CharField | models.TextField),
    )


def linking(declared: Related, through: tuple[str, str]) -> tuple[type[Resource], Field, Field]:
    """Return the resource that a filter reaches through, its own filter of the same name, and its link."""
    name, link = through
    kind = registry[name]
    return kind, declared_fields(kind)[declared.name], kind.fields[link]


def keys_of(refs: Sequence[str], scope: Scope) -> Any:
    """Return the keys of refs; of narrower ones, which the question did not name, by a subquery."""
    if all(ref in scope.named.keys for ref in refs):
        return [scope.named.keys[ref] for ref in refs]
    return reading.standing(scope.asked.version).filter(thing__ref__in=refs).values("thing")


def documents(kinds: Iterable[type[Resource]], version: int) -> QuerySet[Document]:
    """Return the documents of some kinds that stood at a version; `text_<key>` is the text under a key."""
    kinds = list(kinds)
    keys = {
        key
        for kind in kinds
        for declared in kind.fields.values()
        if declared.lookups or declared.ordering
        for key in (declared.keys() if not isinstance(declared, Refs) else (declared.key,))
    }
    return (
        reading.standing(version)
        .filter(thing__resource__in=[kind.name for kind in kinds])
        .alias(**{f"text_{key}": KT(f"body__{key}") for key in sorted(keys)})
    )


def stood(resource: type[Resource], declared: Field, lookup: str, value: Any, scope: Scope) -> Q:
    """Return the condition on documents that stood at a version, of a resource or of the kinds that it gathers."""
    if isinstance(declared, Computed):
        return resource.computed_condition(declared.name, lookup, ranged(lookup, value), scope.asked, live=False)
    kinds = resource.kinds()
    if kinds == [resource]:
        return _stood(resource, declared, lookup, value, scope)
    if declared.source == "resource":
        return Q(thing__resource__in=value)
    met = Q(pk__in=[])
    for kind in kinds:
        if own := declared_fields(kind).get(declared.name):
            met |= Q(thing__resource=kind.name) & _stood(kind, own, lookup, value, scope)
    return met


def _stood(kind: type[Resource], declared: Field, lookup: str, value: Any, scope: Scope) -> Q:
    if isinstance(declared, Related) and declared.through:
        other, own, link = linking(declared, declared.through)
        linked = documents([other], scope.asked.version).filter(_stood(other, own, lookup, value, scope))
        return Q(thing__ref__in=linked.values(of=KT(f"body__{link.name}")))
    if isinstance(declared, Related):
        return _linked(kind, declared.path.split("."), lookup, value, scope)
    if declared.name == "ref":
        return Q(thing__in=[scope.named.keys[ref] for ref in value if ref in scope.named.keys])
    if isinstance(declared, Refs) and lookup == "isnull":
        # Lists that are empty are `[]`, and `bound` can be a word.
        return Q(**{f"text_{declared.key}__startswith": '["'})
    if isinstance(declared, Refs):
        return Q(**{f"body__{declared.key}__has_any_keys": value})
    if isinstance(declared, Ref) and lookup == "in":
        return Q(**{f"body__{declared.name}__in": value})
    if isinstance(declared, Flag):
        return Q(**{f"body__{declared.name}": value})
    column = column_of(kind.model, declared.source)
    return compared(f"text_{declared.name}", lookup, value, partial=isinstance(column, PartialDateField), text=True)


def _linked(kind: type[Resource], path: Sequence[str], lookup: str, value: Any, scope: Scope) -> Q:
    first, *rest = path
    link = kind.fields[first]
    if not rest:
        return _stood(kind, link, lookup, value, scope)
    targets = [registry[name] for name in targets_of(kind, link)]
    met = Q(pk__in=[])
    for target in targets:
        met |= Q(thing__resource=target.name) & _linked(target, rest, lookup, value, scope)
    found = documents(targets, scope.asked.version).filter(met).values("thing__ref")
    return Q(**{f"text_{first}__in": found})


def ranged(lookup: str, value: Any) -> Any:
    """Return the first day that a date in a range can mean, or for an upper end the last; other values as they are."""
    if lookup in ("gte", "lte"):
        first, last = span_of(value)
        return (first if lookup == "gte" else last).isoformat()
    return value


def compared(path: str, lookup: str, value: Any, *, partial: bool, text: bool) -> Q:
    """Return the condition on a column or on the text of a document.

    A date that is known only to the month, quarter or year is in a range when any of its days is.
    """
    if lookup == "isnull":
        return Q(**{f"{path}__isnull": False}) & (~Q(**{path: ""}) if text else Q())
    if lookup in ("gte", "lte") and "T" not in value:
        edge = ranged(lookup, value)
        if not partial:
            return Q(**{f"{path}__{lookup}": edge})
        return _from(path, edge) if lookup == "gte" else _until(path, edge)
    return Q(**{f"{path}__{lookup}": value})


def _from(path: str, day: str) -> Q:
    quarters = _quarters(day)
    over = [stated for stated, (_first, last) in quarters.items() if last < day]
    around = [stated for stated, (first, last) in quarters.items() if first <= day <= last]
    return Q(**{f"{path}__in": [day[:4], day[:7], *around]}) | (
        Q(**{f"{path}__gte": day}) & ~Q(**{f"{path}__in": over})
    )


def _until(path: str, day: str) -> Q:
    begun = [stated for stated, (first, _last) in _quarters(day).items() if first <= day]
    return Q(**{f"{path}__gt": "", f"{path}__lte": day}) | Q(**{f"{path}__in": begun})


def _quarters(day: str) -> dict[str, tuple[str, str]]:
    """Return the quarters of a day's year as they are stated, with their first and last days.

    They do not sort as text: 2026-33 is the first quarter.
    """
    spans = {f"{day[:4]}-{part}": span_of(f"{day[:4]}-{part}") for part in QUARTERS}
    return {stated: (first.isoformat(), last.isoformat()) for stated, (first, last) in spans.items()}
