"""The rows of whole lists as PostgreSQL writes them: one COPY from the documents, whatever the number of rows."""

from collections.abc import Iterator, Sequence

from django.conf import settings
from django.db import connections
from psycopg import sql

from api import answers, schema
from api.dictionary import Column
from api.lists import ResourceList
from api.questions import Question
from api.schema import Schema
from publishing.fields import LIST_SEPARATOR
from publishing.resource import Computed
from tracking.models import TRACKED_RESOURCES

BLOCK = 1 << 18
PLACES = ("url", *answers.PAGE_LANGUAGES)
STOOD = "d.from_seq <= {0} AND (d.until_seq > {0} OR d.until_seq IS NULL)"


def blocks(listed: ResourceList, question: Question, columns: Sequence[Column]) -> Iterator[bytes]:
    """Yield the list as CSV without a header, in blocks of whole lines.

    Nothing is an empty cell, lists are refs joined by “|”, truths are true and false.
    """
    rows, key = listed.rows(question)
    order = listed.order(question)
    steps = {f"step_{number}": step for number, step in enumerate(order)}
    computed = {
        f"value_{name}": listed.resource.computed_value(name, question.asked, live=question.live)
        for name in dict.fromkeys(column.key for column in columns)
        if name in listed.resource.computed
    }
    narrow = rows.order_by().annotate(**{name: step.by for name, step in steps.items()}, **computed)
    inner, given = narrow.values_list(key, *steps, *computed).query.sql_with_params()
    described = schema.properties_of(listed.resource)
    stored = [column.key for column in columns if column.key not in (*listed.resource.computed, *PLACES, "resource")]
    read = {key: "text" if _is_plain(described[key]) else "jsonb" for key in ["ref", *stored]}
    statement = sql.SQL(
        "COPY (SELECT {cells} FROM ({inner}) found ({names})"
        " JOIN publishing_document d ON d.thing_id = found.by_key AND {stands}"
        " JOIN publishing_publishable p ON p.id = found.by_key"
        " CROSS JOIN LATERAL jsonb_to_record(d.body) AS b ({read}) ORDER BY {order}) TO STDOUT (FORMAT csv)"
    ).format(
        cells=sql.SQL(", ").join(_cell(column, described[column.key], listed) for column in columns),
        inner=sql.SQL(inner),
        names=sql.SQL(", ").join(map(sql.Identifier, ["by_key", *steps, *computed])),
        stands=sql.SQL("d.until_seq IS NULL" if question.live else STOOD).format(sql.Literal(question.asked.version)),
        read=sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type)) for name, type in read.items()
        ),
        order=sql.SQL(", ").join(
            sql.SQL("found.{} {} NULLS LAST" if step.nullable else "found.{} {}").format(
                sql.Identifier(name), sql.SQL("DESC" if step.descending else "ASC")
            )
            for name, step in steps.items()
        ),
    )
    with connections[rows.db].cursor() as cursor, cursor.copy(statement, given) as copied:
        block = bytearray()
        for line in copied:
            block += line
            if len(block) >= BLOCK:
                yield bytes(block)
                block.clear()
        yield bytes(block)


def _is_plain(described: Schema) -> bool:
    """Return whether a value is one word or text: neither a mapping nor a list of mappings."""
    return "properties" not in described and "properties" not in described.get("items", {})


def _cell(column: Column, described: Schema, listed: ResourceList) -> sql.Composable:
    """Return the expression of one cell."""
    key, computed = column.key, listed.resource.computed
    if key in computed:
        value = sql.Identifier("found", f"value_{key}")
        return sql.SQL("CASE WHEN {} THEN 'true' ELSE 'false' END").format(value) if _is_flag(computed[key]) else value
    if key == "resource":
        return sql.SQL("p.resource")
    if key in PLACES:
        return _place(key)
    value = sql.Identifier("b", key)
    if "properties" in described:
        return sql.SQL("nullif({} ->> {}, '')").format(value, sql.Literal(column.name.removeprefix(f"{key}_")))
    if not _is_plain(described):
        # A list of mappings is told by their refs.
        return sql.SQL("(SELECT string_agg(e ->> 'ref', {}) FROM jsonb_array_elements({}) e)").format(
            sql.Literal(LIST_SEPARATOR), value
        )
    if any(each.get("type") == "array" for each in (described, *described.get("anyOf", ()))):
        # No ref has a quotation mark, so the text of the list needs no reading.
        return sql.SQL("""nullif(replace(btrim({}, '[]"'), '", "', {}), '')""").format(
            value, sql.Literal(LIST_SEPARATOR)
        )
    return sql.SQL("nullif({}, '')").format(value)


def _is_flag(declared: Computed) -> bool:
    return declared.type == "boolean"


def _place(key: str) -> sql.Composable:
    """Return the expression of an address; pages are about records only."""
    if key == "url":
        return sql.SQL("{} || p.resource || '/' || b.ref || '/'").format(sql.Literal(f"{settings.BASE_URL}/api/v1/"))
    return sql.SQL("CASE WHEN p.resource = ANY({}) THEN {} || b.ref || '/' END").format(
        sql.Literal(list(TRACKED_RESOURCES)),
        sql.Literal(f"{settings.BASE_URL}/{answers.PAGE_LANGUAGES[key]}/records/"),
    )
