"""The verbs of commitments: what follows from them for the pledges."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from catalog.models import Actor
from commitments.models import Commitment, Pledge
from publishing import bulk
from publishing.dates import passes_at, span_of
from tracking.models import DueKind

CHUNK = 5_000


def derive_pledges(*, pledges: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return `instrument_id`, `due_on` and `overdue_from` as they follow for pledges, given by key.

    Each pledge is given by its `commitment_id`, `actor_id`, `due_kind` and `due_date`. A deadline ends with its last
    day in the time zone of the actor, or else where that day ends last on Earth. Two queries.
    """
    instruments = dict(
        Commitment.objects.filter(pk__among={row["commitment_id"] for row in pledges.values()}).values_list(
            "pk", "instrument"
        )
    )
    zones = dict(
        Actor.objects.filter(pk__among={row["actor_id"] for row in pledges.values()})
        .exclude(time_zone="")
        .values_list("pk", "time_zone")
    )
    derived = {}
    for key, row in pledges.items():
        dated = row["due_date"] and row["due_kind"] != DueKind.RECURRING
        zone = zones.get(row["actor_id"])
        derived[key] = {
            "instrument_id": instruments[row["commitment_id"]],
            "due_on": span_of(row["due_date"])[1] if dated else None,
            "overdue_from": passes_at(row["due_date"], ZoneInfo(zone) if zone else None) if dated else None,
        }
    return derived


def settle_commitments(*, commitments: Sequence[int]) -> None:
    """Bring instrument, themes and deadlines of the pledges of these commitments in step with them. Set-wise."""
    settle_pledges(pledges=list(Pledge.objects.filter(commitment__among=commitments).values_list("pk", flat=True)))


def settle_pledges(*, pledges: Sequence[int]) -> None:
    """Bring everything on pledges that follows from their commitments, actors and due rules up to date. Set-wise."""
    for keys in _chunks(pledges):
        rows = {
            row["pk"]: row
            for row in Pledge.objects.filter(pk__among=keys).values(
                "pk", "commitment_id", "actor_id", "due_kind", "due_date", "instrument_id", "due_on", "overdue_from"
            )
        }
        derived = derive_pledges(pledges=rows)
        stale = [key for key, after in derived.items() if after.items() - rows[key].items()]
        bulk.update(Pledge, [{"pk": key} | derived[key] for key in stale])
        _follow_themes(keys)


def _chunks(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def _follow_themes(pledges: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM tracking_record_themes t USING commitments_pledge p"
            " WHERE t.record_id = ANY(%s) AND p.record_ptr_id = t.record_id AND NOT EXISTS (SELECT FROM"
            " commitments_commitment_themes c WHERE c.commitment_id = p.commitment_id AND c.theme_id = t.theme_id)",
            [list(pledges)],
        )
        cursor.execute(
            "INSERT INTO tracking_record_themes (record_id, theme_id)"
            " SELECT p.record_ptr_id, c.theme_id FROM commitments_pledge p"
            " JOIN commitments_commitment_themes c ON c.commitment_id = p.commitment_id"
            " WHERE p.record_ptr_id = ANY(%s) ON CONFLICT DO NOTHING",
            [list(pledges)],
        )
