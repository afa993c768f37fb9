"""Writing many rows at once by COPY, where a row at a time would take minutes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import Any, TypeVar

from django.db import connection, models
from psycopg import sql

CHUNK = 5_000

T = TypeVar("T")


def chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    """Yield lists of up to 5,000 items, which is how many things are written or asked for at a time."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield the items; each is made in a thread while the one before it is worked on.

    Making them may not ask the database, whose connection is in use meanwhile.
    """
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item


def copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append rows to a table; the values stand in the order of `columns`.

    The database works while they are made, so making them may not ask it anything.
    """
    remaining = iter(rows)
    first = next(remaining, None)
    if first is None:
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as target:
        for row in chain([first], remaining):
            target.write_row(row)


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Reserve `count` primary keys of a model."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, count],
        )
        return [number for (number,) in cursor.fetchall()]


def column_of(field: models.Field) -> str:
    """Return the name of a concrete field's column."""
    return str(field.column)


def tables_of(model: type[models.Model]) -> list[type[models.Model]]:
    """Return the models whose tables make up one row of `model`, the topmost parent first."""
    return [*reversed(model._meta.get_parent_list()), model]


def insert(model: type[models.Model], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows given as attname → value into every table of a (multi-table) model; `pk` is the shared key."""
    given = set[str]().union(*rows)
    for table in tables_of(model):
        columns: dict[str, str] = {}
        defaults: dict[str, Any] = {}
        for field in table._meta.local_concrete_fields:
            name = "pk" if field.primary_key else field.attname
            default = field.get_db_prep_save(field.get_default(), connection)
            # What no row gives and is NULL otherwise need not be said.
            if name in given or default is not None:
                columns[name], defaults[name] = column_of(field), default
        whole = (defaults | row for row in rows)
        copy(table._meta.db_table, list(columns.values()), ([row[name] for name in columns] for row in whole))


def update(model: type[models.Model], rows: Sequence[dict[str, Any]]) -> None:
    """Set the attnames that the first row names, in every row, found by `pk`, in every table of a model."""
    if not rows:
        return
    for table in tables_of(model):
        given = [f for f in table._meta.local_concrete_fields if not f.primary_key and f.attname in rows[0]]
        if given:
            _update_table(table, given, rows)


def _update_table(table: type[models.Model], fields: Sequence[models.Field], rows: Sequence[dict[str, Any]]) -> None:
    key = column_of(table._meta.pk)
    columns = [column_of(field) for field in fields]
    pairs = [sql.SQL("{} = incoming.{}").format(sql.Identifier(name), sql.Identifier(name)) for name in columns]
    # Statements go in as text: what keeps the edit history looks into them.
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA")
            .format(sql.SQL(", ").join(map(sql.Identifier, [key, *columns])), sql.Identifier(table._meta.db_table))
            .as_string()
        )
        copy("incoming", [key, *columns], ([row["pk"], *(row[f.attname] for f in fields)] for row in rows))
        # Without statistics the planner would compare every row with every other.
        cursor.execute("ANALYZE incoming")
        cursor.execute(
            sql.SQL("UPDATE {} SET {} FROM incoming WHERE incoming.{} = {}.{}")
            .format(
                sql.Identifier(table._meta.db_table),
                sql.SQL(", ").join(pairs),
                sql.Identifier(key),
                sql.Identifier(table._meta.db_table),
                sql.Identifier(key),
            )
            .as_string()
        )
        cursor.execute("DROP TABLE incoming")


def relink(
    through: type[models.Model], owner: str, target: str, links: Mapping[int, Iterable[int]], *, fresh: bool
) -> None:
    """Make `links` (owner's key → targets' keys) the links of these owners in a many-to-many table.

    Links that stay are not touched. The owners of `fresh` links have none yet.
    """
    standing: dict[tuple[int, int], int] = {}
    if not fresh:
        rows = through._default_manager.filter(**{f"{owner}__among": links.keys()})
        standing = {(key, other): pk for pk, key, other in rows.values_list("pk", f"{owner}_id", f"{target}_id")}
    wanted = {(key, other) for key, targets in links.items() for other in targets}
    if gone := [pk for pair, pk in standing.items() if pair not in wanted]:
        through._default_manager.filter(pk__among=gone).delete()
    columns = {field.name: column_of(field) for field in through._meta.concrete_fields}
    copy(through._meta.db_table, [columns[owner], columns[target]], sorted(wanted - standing.keys()))
