"""The verbs of commitments: what follows from them for the pledges."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.db import connection

from commitments.models import Pledge
from publishing import bulk
from publishing.dates import passes_at, span_of
from tracking.models import DueKind

CHUNK = 10_000


def settle_commitments(*, commitments: Sequence[int]) -> None:
    """Bring instrument and themes of the pledges of these commitments in step with them. Set-wise."""
    pledges = list(Pledge.objects.filter(commitment__in=commitments).values_list("pk", flat=True))
    _follow_commitment(pledges)


def settle_pledges(*, pledges: Sequence[int]) -> None:
    """Bring instrument, themes, `due_on` and `overdue_from` of pledges in step with what they follow from. Set-wise.

    A deadline ends with its last day in the time zone of the actor, or else where that day ends last on Earth.
    """
    _follow_commitment(pledges)
    for start in range(0, len(pledges), CHUNK):
        rows = Pledge.objects.filter(pk__in=pledges[start : start + CHUNK]).values_list(
            "pk", "due_kind", "due_date", "actor__time_zone", "due_on", "overdue_from"
        )
        changed = []
        for key, kind, stated, zone, *before in rows:
            due_on = overdue_from = None
            if stated and kind != DueKind.RECURRING:
                due_on = span_of(stated)[1]
                overdue_from = passes_at(stated, ZoneInfo(zone) if zone else None)
            if [due_on, overdue_from] != before:
                changed.append({"pk": key, "due_on": due_on, "overdue_from": overdue_from})
        bulk.update(Pledge, changed)


def _follow_commitment(pledges: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tracking_record r SET instrument_id = c.instrument_id"
            " FROM commitments_pledge p JOIN commitments_commitment c ON c.publishable_ptr_id = p.commitment_id"
            " WHERE r.publishable_ptr_id = p.record_ptr_id AND p.record_ptr_id = ANY(%s)"
            " AND r.instrument_id IS DISTINCT FROM c.instrument_id",
            [list(pledges)],
        )
        wanted = (
            "SELECT p.record_ptr_id, t.theme_id FROM commitments_pledge p"
            " JOIN commitments_commitment_themes t ON t.commitment_id = p.commitment_id"
            " WHERE p.record_ptr_id = ANY(%s)"
        )
        cursor.execute(
            "DELETE FROM tracking_record_themes WHERE record_id = ANY(%s)"  # noqa: S608  no text from outside
            f" AND (record_id, theme_id) NOT IN ({wanted})",
            [list(pledges)] * 2,
        )
        cursor.execute(
            f"INSERT INTO tracking_record_themes (record_id, theme_id) {wanted} ON CONFLICT DO NOTHING",
            [list(pledges)],
        )
