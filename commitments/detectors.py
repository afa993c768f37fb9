"""The ways of noticing that a deadline has passed or is near. They write findings, never statuses."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import CharField, DateTimeField, Exists, F, Func, OuterRef, Value
from django.db.models.functions import JSONObject
from psycopg import sql

from tracking.models import Finding, FindingKind, FindingState, Record, RecordQuerySet
from tracking.statuses import OPEN_STATUSES


def find_passed_deadlines(*, now: datetime) -> int:
    """Write a finding for each public record whose deadline has passed by `now` (aware), its status leaving it open.

    Findings about deadlines that were moved or settled lapse. Returns how many are new. Two statements, however many
    records there are.
    """
    found = _write(FindingKind.DEADLINE_PASSED, _under_review().overdue(now=now), now)
    _lapse(FindingKind.DEADLINE_PASSED, unless=_under_review(), now=now)
    return found


def find_due_soon(*, now: datetime) -> int:
    """Write a finding for each public record that will be overdue within 30 days from `now` (aware).

    Findings about deadlines that have passed, were moved or settled lapse. Returns how many are new. Two statements,
    however many records there are.
    """
    found = _write(FindingKind.DUE_SOON, _under_review().due_soon(now=now), now)
    _lapse(FindingKind.DUE_SOON, unless=_under_review().filter(overdue_from__gt=now), now=now)
    return found


def _under_review() -> RecordQuerySet:
    """Public records that a deadline still asks something of, in instruments whose pledges are kept under review."""
    return Record.objects.public().filter(status__in=OPEN_STATUSES, instrument__as_instrument__tracked=True)


def _write(kind: FindingKind, records: RecordQuerySet, now: datetime) -> int:
    columns: dict[str, Any] = {
        "record_id": F("pk"),
        "kind": Value(kind.value),
        "fingerprint": _day(),
        "seen": JSONObject(
            due_on=_day(), overdue_from=_moment(), status="status", title_en="title_en", title_zh="title_zh"
        ),
        "suggested_status": Value(""),
        "state": Value(FindingState.OPEN.value),
        "found_at": Value(now, output_field=DateTimeField()),
        "dismissed_because": Value(""),
    }
    values = {f"finding_{column}": value for column, value in columns.items()}
    # A deadline that was moved is another matter, and one that somebody has dealt with is not raised again.
    dealt_with = Finding.objects.exclude(state=FindingState.LAPSED).filter(
        record=OuterRef("pk"), kind=kind, fingerprint=OuterRef("finding_fingerprint")
    )
    rows = records.annotate(**values).filter(~Exists(dealt_with)).values_list(*values)
    select, parameters = rows.query.sql_with_params()
    statement = sql.SQL("INSERT INTO {} ({}) {} ON CONFLICT DO NOTHING").format(
        sql.Identifier(Finding._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(select)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def _lapse(kind: FindingKind, *, unless: RecordQuerySet, now: datetime) -> None:
    # After the insert, which waits for a decision on the record: that locks the record first, and its findings then.
    stands = unless.filter(pk=OuterRef("record")).annotate(day=_day()).filter(day=OuterRef("fingerprint"))
    Finding.objects.open().filter(~Exists(stands), kind=kind).update(state=FindingState.LAPSED, closed_at=now)


def _day() -> Func:
    return Func(F("due_on"), Value("YYYY-MM-DD"), function="to_char", output_field=CharField())


def _moment() -> Func:
    utc = Func(Value("UTC"), F("overdue_from"), function="timezone", output_field=DateTimeField())
    return Func(utc, Value('YYYY-MM-DD"T"HH24:MI:SS"Z"'), function="to_char", output_field=CharField())
