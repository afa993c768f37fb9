"""How a detector's query becomes findings: two statements, however many things there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self

from django.db import connection
from django.db.models import F, Func, QuerySet, Value
from django.db.models.fields import CharField, DateTimeField
from django.db.models.functions import JSONObject

from tracking.models import FindingKind


class Noticed(NamedTuple):
    """A query for what stands out: the key of a public thing, a fingerprint, and what was seen, as JSON."""

    sql: str
    parameters: Sequence[Any] = ()

    @classmethod
    def among(cls, things: QuerySet, *, about: str = "pk", fingerprint: Any, **seen: Any) -> Self:
        """Return the query for rows of a model; `about` leads to the thing that the finding is about."""
        rows = things.annotate(
            finding_about=F(about), finding_fingerprint=fingerprint, finding_seen=JSONObject(**seen)
        ).values_list("finding_about", "finding_fingerprint", "finding_seen")
        return cls(*rows.query.sql_with_params())


def write_findings(*, kind: FindingKind, noticed: Noticed, now: datetime) -> int:
    """Write a finding for all that was noticed by `now` (aware), and return how many are new.

    What stands open with the same fingerprint, or was dealt with by somebody, is not raised again; what lapsed is.
    """
    statement = f"""
        INSERT INTO tracking_finding
            (record_id, about_id, kind, fingerprint, seen, suggested_status, state, found_at, dismissed_because)
        SELECT r.publishable_ptr_id, CASE WHEN r.publishable_ptr_id IS NULL THEN n.thing_id END,
               %s, n.fingerprint, n.seen, '', 'open', %s, ''
          FROM ({noticed.sql}) n (thing_id, fingerprint, seen)
          LEFT JOIN tracking_record r ON r.publishable_ptr_id = n.thing_id
         WHERE NOT EXISTS (
               SELECT FROM tracking_finding f
                WHERE f.record_id = n.thing_id AND f.fingerprint = n.fingerprint
                  AND f.kind = %s AND f.state <> 'lapsed')
           AND NOT EXISTS (
               SELECT FROM tracking_finding f
                WHERE f.about_id = n.thing_id AND f.fingerprint = n.fingerprint
                  AND f.kind = %s AND f.state <> 'lapsed')
        ON CONFLICT DO NOTHING
    """  # noqa: S608 the query comes from a detector, and values are parameters
    with connection.cursor() as cursor:
        cursor.execute(statement, [kind.value, now, *noticed.parameters, kind.value, kind.value])
        return cursor.rowcount


def lapse_findings_unless(*, kind: FindingKind, stands: Noticed, now: datetime) -> None:
    """Close the open findings of a kind that are not among what stands, by thing and fingerprint.

    Call it after `write_findings`, which waits for a decision on the record: that locks the record first, and its
    findings then.
    """
    statement = f"""
        UPDATE tracking_finding f SET state = 'lapsed', closed_at = %s
         WHERE f.kind = %s AND f.state IN ('open', 'claimed', 'snoozed') AND NOT EXISTS (
               SELECT FROM ({stands.sql}) n (thing_id, fingerprint, seen)
                WHERE n.thing_id = coalesce(f.record_id, f.about_id) AND n.fingerprint = f.fingerprint)
    """  # noqa: S608 as above
    with connection.cursor() as cursor:
        cursor.execute(statement, [now, kind.value, *stands.parameters])


def day(column: str) -> Func:
    """Return a date column as text, such as 2026-02-16."""
    return Func(F(column), Value("YYYY-MM-DD"), function="to_char", output_field=CharField())


def moment(column: str) -> Func:
    """Return a column of moments as text in UTC, such as 2026-02-16T08:00:00Z."""
    utc = Func(Value("UTC"), F(column), function="timezone", output_field=DateTimeField())
    return Func(utc, Value('YYYY-MM-DD"T"HH24:MI:SS"Z"'), function="to_char", output_field=CharField())
