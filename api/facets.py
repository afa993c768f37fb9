"""How the records of a list are spread: counts by status, instrument, actor, country, theme and year.

Each count is that of the list with the same filters and one more, `instrument=<ref>` for instance. The rows are read
once, with GROUPING SETS; what is behind a link of theirs (the country of an actor, the instrument of a commitment) is
looked up for each thing that is linked to, not for each row.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from django.db import connections
from django.db.models import F, QuerySet
from django.db.models.fields.json import KT
from psycopg import sql

from api import filters
from api.filters import declared_fields
from api.lists import ResourceList
from api.questions import Question
from publishing import reading
from publishing.fields import Refs
from publishing.reading import Answer
from publishing.resource import Related, Resource, registry
from tracking.resources import spans
from tracking.statuses import NOT_ASSESSED, STATUSES

FACETS = ("status", "instrument", "actor", "country", "theme", "year")
# The years of a list are those of this day.
DATED_BY = "due_on"
DIGITS = 4
# Up to so many things are looked up one by one; for more all of their kind are read.
FEW = 500

Counts = Counter[str]
Follow = Callable[[Any], Iterable[str]]


def count(listed: ResourceList, question: Question) -> Answer:
    """Return the facets of everything that a question about a list finds."""
    rows, key = listed.rows(question)
    rows = rows.order_by()
    found: dict[str, Counts] = {name: Counter() for name in facets_of(listed.resource)}
    total = 0
    for kind in listed.resource.kinds():
        counted, number = _Kind(kind, question).count(_of_kind(rows, kind, listed, question), key)
        total += number
        for name, counts in counted.items():
            found[name] += counts
    open_still = found["status"][NOT_ASSESSED]
    return {
        "version": question.asked.version,
        "as_of": question.asked.as_of.isoformat(),
        "total": total,
        "assessed": total - open_still,
        "not_assessed": open_still,
        "not_assessed_share": _share(open_still, total),
        **{name: _in_order(counts) for name, counts in found.items()},
        "rates": {
            status: {
                "count": counted,
                "of_assessed": _share(counted, total - open_still),
                "of_all": _share(counted, total),
            }
            for status, counted in _in_order(found["status"]).items()
            if status != NOT_ASSESSED
        },
    }


def facets_of(resource: type[Resource]) -> list[str]:
    """Return which facets there are of a resource, or of the kinds that it gathers."""
    declared = {name for kind in [resource, *resource.kinds()] for name in declared_fields(kind)}
    return [name for name in FACETS if name in declared or (name == "year" and DATED_BY in declared)]


def words_of(facet: str) -> list[str] | None:
    """Return all values that a facet can have, where that is known."""
    return [status.code for status in STATUSES.values()] if facet == "status" else None


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, DIGITS) if whole else None


def _in_order(counts: Counts) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda counted: (-counted[1], counted[0])))


def _of_kind(rows: QuerySet, kind: type[Resource], listed: ResourceList, question: Question) -> QuerySet:
    if listed.resource is kind:
        return rows
    if question.live:
        return kind.model._base_manager.filter(pk__in=rows.filter(resource=kind.name).values("pk"))
    return rows.filter(thing__resource=kind.name)


class _Kind:
    """The records of one kind, as one question finds them."""

    def __init__(self, kind: type[Resource], question: Question):
        self.kind, self.question = kind, question
        self.version = question.asked.version
        self.declared = declared_fields(kind)

    def count(self, rows: QuerySet, key: str) -> tuple[dict[str, Counts], int]:
        """Return the counts of each facet, and how many rows there are."""
        follows = {name: self._path(name) for name in facets_of(self.kind) if name not in ("status", "year")}
        columns: dict[str, Any] = {path[0]: self._first(path[0]) for path in follows.values()}
        if DATED_BY in self.declared:
            columns[DATED_BY] = F(DATED_BY) if self.question.live else KT(f"body__{DATED_BY}")
        if self.question.live:
            columns["status"] = F("status")
        groups, total = self._grouped(rows, key, columns)
        found: dict[str, Counts] = {"status": Counter()}
        for status, number in groups.pop("status"):
            found["status"][status or NOT_ASSESSED] += number
        if DATED_BY in groups:
            found["year"] = Counter()
            for day, number in groups[DATED_BY]:
                if day:
                    found["year"][str(day)[:4]] += number
        for name, path in follows.items():
            follow = self._follow(path, {value for value, _number in groups[path[0]]}, widened=name)
            counts = found[name] = Counter()
            for value, number in groups[path[0]]:
                for reached in follow(value):
                    counts[reached] += number
        return found, total

    def _path(self, name: str) -> Sequence[str]:
        declared = self.declared[name]
        return declared.path.split(".") if isinstance(declared, Related) else [name]

    def _first(self, name: str) -> Any:
        """Return the expression of the ref, or the list of refs, under a key of the document."""
        if isinstance(self.kind.fields[name], Refs):
            return None
        if self.question.live:
            return F(self.kind.fields[name].columns()[0])
        return KT(f"body__{name}")

    def _grouped(
        self, rows: QuerySet, key: str, columns: Mapping[str, Any]
    ) -> tuple[dict[str, list[tuple[Any, int]]], int]:
        """Return (value, count) for every column, and for the status, and how many rows there are."""
        many = [name for name, expression in columns.items() if expression is None]
        single = {name: expression for name, expression in columns.items() if expression is not None}
        inner, given = rows.values(
            by_key=F(key), **{f"by_{name}": each for name, each in single.items()}
        ).query.sql_with_params()
        names = [f"by_{name}" for name in single]
        joined: sql.Composable = sql.SQL("")
        if "status" not in single:
            held, more = spans(self.question.asked).values("record", "status").query.sql_with_params()
            joined = sql.SQL(" LEFT JOIN ({}) held (record, by_status) ON held.record = found.by_key").format(
                sql.SQL(held)
            )
            given, names = (*given, *more), [*names, "by_status"]
        columns_grouped = list(map(sql.Identifier, names))
        statement = sql.SQL(
            "SELECT GROUPING({names}), {names}, count(*) FROM ({inner}) found{joined} GROUP BY GROUPING SETS ({sets})"
        ).format(
            names=sql.SQL(", ").join(columns_grouped),
            inner=sql.SQL(inner),
            joined=joined,
            sets=sql.SQL(", ").join([*columns_grouped, sql.SQL("()")]),
        )
        with connections[rows.db].cursor() as cursor:
            cursor.execute(statement.as_string(), given)
            rows_of_groups = cursor.fetchall()
        groups: dict[str, list[tuple[Any, int]]] = {name.removeprefix("by_"): [] for name in names}
        total = 0
        whole = 2 ** len(names) - 1
        for grouping, *values, number in rows_of_groups:
            if grouping == whole:
                total = number
                continue
            place = next(i for i in range(len(names)) if not grouping >> (len(names) - 1 - i) & 1)
            groups[names[place].removeprefix("by_")].append((values[place], number))
        for name in many:
            groups[name] = self._grouped_lists(rows, key, name)
        return groups, total

    def _grouped_lists(self, rows: QuerySet, key: str, name: str) -> list[tuple[Any, int]]:
        documents = reading.standing(self.version).filter(thing__in=rows.values(key))
        return list(Counter(documents.values_list(KT(f"body__{name}"), flat=True)).items())

    def _follow(self, path: Sequence[str], values: Iterable[Any], *, widened: str) -> Follow:
        """Return the function from a value of the first key to all that is at the end of the path."""
        first, *rest = path
        steps = {value: self._listed(value) for value in values}
        fields = [self.kind.fields[first]]
        for key in rest:
            targets = {name for field in fields for name in filters.targets_of(self.kind, field)}
            bodies = self._parts({ref for refs in steps.values() for ref in refs}, key, targets)
            steps = {value: [end for ref in refs for end in bodies.get(ref, ())] for value, refs in steps.items()}
            fields = [registry[name].fields[key] for name in targets if key in registry[name].fields]
        above = self._above(fields)
        return lambda value: {wider for ref in steps[value] for wider in above(ref)}

    def _above(self, fields: Iterable[Any]) -> Callable[[str], set[str]]:
        """Return the function from a ref to itself and all that is broader; a filter finds it by each of them."""
        broader: dict[str, str] = {}
        for name in {name for field in fields for name in filters.targets_of(self.kind, field)}:
            if registry[name].broader:
                rows = reading.standing(self.version).filter(thing__resource=name)
                broader |= dict(rows.values_list("thing__ref", KT(f"body__{registry[name].broader}")))

        @cache
        def above(ref: str) -> set[str]:
            found = {ref}
            while (ref := broader.get(ref, "")) and ref not in found:
                found.add(ref)
            return found

        return above

    def _parts(self, refs: Collection[str], key: str, resources: Collection[str]) -> dict[str, list[str]]:
        """Return what stands under a key of things of some resources, by their refs."""
        rows = reading.standing(self.version).filter(thing__resource__in=resources)
        if len(refs) <= FEW:
            rows = rows.filter(thing__ref__in=refs)
        listed = cache(self._listed)  # many have the same
        return {ref: listed(value) for ref, value in rows.values_list("thing__ref", KT(f"body__{key}"))}

    @staticmethod
    def _listed(value: Any) -> list[str]:
        if not value:
            return []
        return orjson.loads(value) if value.startswith("[") else [value]
