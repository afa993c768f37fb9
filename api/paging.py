"""Pages by keyset: where a page begins is a place in the order, so rows that come or go never shift it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import orjson
from django.core.signing import BadSignature, Signer
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from publishing.errors import DomainError


class Order(NamedTuple):
    """One step of an order: the expression that it goes by. Rows that have nothing there come last, either way.

    Say when every row has something: an index then serves both directions.
    """

    by: Any
    descending: bool = False
    nullable: bool = True


class Place(NamedTuple):
    """A place between two rows: after the one with these values, or before it when the page runs backwards."""

    values: list[Any]
    backwards: bool = False


class Page(NamedTuple):
    keys: list[Any]
    following: Place | None
    preceding: Place | None


class CursorBroken(DomainError):
    code = "cursor_broken"
    message = _("This cursor was not given out here, or not whole. Begin at the first page, without a cursor.")


class CursorOfAnotherList(DomainError):
    code = "cursor_of_another_list"
    message = _(
        "This cursor belongs to a list with other filters, another order or another version."
        " Begin at the first page, without a cursor."
    )


signer = Signer(salt="api.cursor")


def digest(question: Mapping[str, str]) -> str:
    """Return a short hash of what a list is asked for, the same in whatever order it is asked."""
    return hashlib.sha256(orjson.dumps(question, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def write(place: Place, *, of: str) -> str:
    """Return the cursor for a place in the list whose digest is `of`."""
    return signer.sign_object([of, place.backwards, place.values])


def read(cursor: str, *, of: str) -> Place:
    """Return the place of a cursor. Raises CursorBroken, CursorOfAnotherList."""
    try:
        digested, backwards, values = signer.unsign_object(cursor)
    except (BadSignature, ValueError):
        raise CursorBroken(parameter="cursor") from None
    if digested != of:
        raise CursorOfAnotherList(parameter="cursor")
    return Place(values, backwards)


def page(rows: QuerySet, order: Sequence[Order], *, key: str, size: int, place: Place | None = None) -> Page:
    """Return the keys of one page and the places of its neighbours. One query, whose cost does not grow with the place.

    The last step of the order must be unique.
    """
    backwards = place is not None and place.backwards
    found = list(_ordered(rows, order, backwards, place).values_list(key, *_names(order))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page([], None, None)
    first, last = ([_written(value) for value in row[1:]] for row in (found[0], found[-1]))
    return Page(
        [row[0] for row in found],
        Place(last) if more or backwards else None,
        Place(first, backwards=True) if (more if backwards else place is not None) else None,
    )


def all_pages(rows: QuerySet, order: Sequence[Order], *, key: str, size: int) -> Iterator[list[Any]]:
    """Yield the keys of a whole list, page by page."""
    place: Place | None = None
    while True:
        current = page(rows, order, key=key, size=size, place=place)
        yield current.keys
        if current.following is None:
            return
        place = current.following


def _names(order: Sequence[Order]) -> list[str]:
    return [f"step_{number}" for number in range(len(order))]


def _ordered(rows: QuerySet, order: Sequence[Order], backwards: bool, place: Place | None) -> QuerySet:
    rows = rows.annotate(**{name: step.by for name, step in zip(_names(order), order, strict=True)})
    if place is not None:
        rows = rows.filter(_beyond(order, place))
    steps = []
    for name, step in zip(_names(order), order, strict=True):
        nulls = {"nulls_first" if backwards else "nulls_last": True} if step.nullable else {}
        steps.append(F(name).desc(**nulls) if step.descending != backwards else F(name).asc(**nulls))
    return rows.order_by(*steps)


def _beyond(order: Sequence[Order], place: Place) -> Q:
    """Return the condition to lie beyond a place.

    Its first part follows from the others; it stands on the first step alone, so that an index can begin there.
    """
    met, same = Q(pk__in=[]), Q()
    for number, (step, value) in enumerate(zip(order, place.values, strict=True)):
        name = f"step_{number}"
        met |= same & _past(name, value, step, place.backwards)
        same &= Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})
    if len(order) == 1:
        return met
    value = place.values[0]
    at = Q(step_0__isnull=True) if value is None else Q(step_0=value)
    return (at | _past("step_0", value, order[0], place.backwards)) & met


def _past(name: str, value: Any, step: Order, backwards: bool) -> Q:
    missing = Q(**{f"{name}__isnull": True})
    if value is None:
        return ~missing if backwards else Q(pk__in=[])
    farther = Q(**{f"{name}__{'lt' if step.descending != backwards else 'gt'}": value})
    return farther | missing if step.nullable and not backwards else farther


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
