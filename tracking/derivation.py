"""What follows from status changes (spans, the current status of a record) and from responses (contested)."""

from collections.abc import Mapping, Sequence

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange, NumericRange

from publishing import bulk
from publishing.lookups import key_array
from tracking.models import StatusChange, StatusSpan
from tracking.spans import Published, Span, spans_of


def follow_status_changes(*, changes: Sequence[int], positions: Mapping[int, int], version: int) -> None:
    """Give freshly published status changes their positions, and bring spans and current statuses up to date.

    Set-wise, for any number of changes: called by the publication of status changes and by nothing else.
    """
    fresh = [key for key in changes if key in positions]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tracking_statuschange c SET seq = given.seq, first_version = %s"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS given(id, seq)"
            " WHERE c.publishable_ptr_id = given.id AND c.seq IS NULL",
            [version, key_array(fresh), key_array(positions[key] for key in fresh)],
        )
    touched = StatusChange.objects.filter(pk__among=fresh).order_by("record").distinct("record")
    records = list(touched.values_list("record", flat=True))
    for start in range(0, len(records), 10_000):
        _derive_statuses(records[start : start + 10_000])


def _derive_statuses(records: Sequence[int]) -> None:
    wanted = spans_by_record(records)
    kept = {
        (span.record_id, span.change_id, span.valid.lower, span.valid.upper, span.known.lower): span
        for span in StatusSpan.objects.filter(record__among=records)
    }
    closed: list[tuple[int, int]] = []
    added: list[tuple[int, Span]] = []
    for record, spans in wanted.items():
        for span in spans:
            stands = kept.get((record, span.change, span.valid_from, span.valid_until, span.known_from))
            if stands is None:
                added.append((record, span))
            elif span.known_until is not None and stands.known.upper != span.known_until:
                closed.append((stands.pk, span.known_until))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tracking_statusspan s SET known = int8range(lower(s.known), given.until)"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS given(id, until) WHERE s.id = given.id",
            [key_array(key for key, _until in closed), key_array(until for _key, until in closed)],
        )
        bulk.copy(
            StatusSpan._meta.db_table,
            ("record_id", "change_id", "status", "valid", "known"),
            (
                (
                    record,
                    span.change,
                    span.status,
                    DateRange(span.valid_from, span.valid_until),
                    NumericRange(span.known_from, span.known_until),
                )
                for record, span in added
            ),
        )
        cursor.execute(
            "UPDATE tracking_record r SET status = given.status, status_since = given.status_since"
            " FROM tracking_current_statuses(%s::bigint[]) given WHERE r.publishable_ptr_id = given.record_id",
            [key_array(records)],
        )


def spans_by_record(records: Sequence[int]) -> dict[int, list[Span]]:
    """Return the spans of records as their status changes give them, in one query."""
    changes: dict[int, list[Published]] = {record: [] for record in records}
    rows = StatusChange.objects.filter(record__among=records, seq__isnull=False).values_list(
        "record", "pk", "status", "effective_on", "seq", "first_version", "supersedes"
    )
    for record, *values in rows:
        changes[record].append(Published._make(values))
    return {record: spans_of(published) for record, published in changes.items()}


def refresh_contested(*, records: Sequence[int]) -> None:
    """Set whether each record has a public response that disputes a status."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tracking_record r SET contested = disputed.yes FROM ("
            " SELECT given.id, EXISTS (SELECT FROM tracking_response a"
            "   JOIN publishing_publishable p ON p.id = a.publishable_ptr_id"
            "   WHERE a.record_id = given.id AND a.disputes AND p.state = 'published') AS yes"
            " FROM unnest(%s::bigint[]) AS given(id)) disputed"
            " WHERE r.publishable_ptr_id = disputed.id AND r.contested <> disputed.yes",
            [key_array(records)],
        )
