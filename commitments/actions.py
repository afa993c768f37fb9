"""The verbs of commitments: what follows from them for the pledges."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from catalog.models import Actor
from commitments.models import Commitment, Instrument, Pledge, Signature
from commitments.pledging import Bindings, is_recurring, missing_pledges, taken_slots
from publishing import bulk
from publishing.actions import publish
from publishing.dates import passes_at, span_of
from publishing.importing import derive, rows_of
from publishing.lookups import key_array
from publishing.models import NOT_PUBLIC_ANY_MORE, Act, Publishable
from publishing.refs import free_ref
from publishing.resource import registry
from tracking.models import DueKind


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
    for keys in bulk.chunks(pledges):
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


def pledges_to_make(*, commitments: Sequence[int], today: date) -> list[dict[str, Any]]:
    """Return, as documents, the pledges that follow from commitments, given by key, and that nobody has recorded yet.

    One for each actor that is bound, as recorded in drafts too, and one for each period of a recurring one up to the
    first that ends after `today`; title and due rule are those of the commitment. What was unpublished binds nobody,
    and a pledge that was unpublished is not made again. A constant number of queries.
    """
    bound_by = Commitment.objects.filter(pk__among=commitments).exclude(state__in=NOT_PUBLIC_ANY_MORE)
    instruments = list(bound_by.values_list("instrument", flat=True).distinct())
    bindings = Bindings()
    bindings.take_rows(bound_by)
    bindings.take_rows(Instrument.objects.filter(pk__in=instruments))
    bindings.take_rows(
        Signature.objects.filter(instrument__in=instruments).exclude(
            Q(state__in=NOT_PUBLIC_ANY_MORE) | Q(actor__state__in=NOT_PUBLIC_ANY_MORE)
        )
    )
    standing = Pledge.objects.filter(commitment__in=bound_by.values("pk"))
    parents = standing.filter(due_kind=DueKind.RECURRING).exclude(state__in=NOT_PUBLIC_ANY_MORE)
    documents = registry[Pledge.collection].documents(list(parents.order_by("pk").values_list("pk", flat=True)))
    recurring = [document for document in documents.values() if is_recurring(document)]
    return list(missing_pledges(bindings, taken=taken_slots(standing), recurring=recurring, today=today))


@transaction.atomic
def draft_pledges(*, commitments: Sequence[int], today: date) -> list[int]:
    """Make what `pledges_to_make` returns as drafts, and return their keys. Two at once make each of them once."""
    _lock(commitments)
    return _write_drafts(pledges_to_make(commitments=commitments, today=today))


@transaction.atomic
def publish_next_periods(*, today: date) -> list[int]:
    """Make public the periods that recurring public pledges lack, up to the first that ends after `today` (UTC).

    They are one act, and are returned by key. The promise is public already; a period of it is a record that says
    nothing about whether it was kept. Pledges of instruments that are not kept under review get none, nor do those that
    were withdrawn or superseded. A period that was unpublished is not made again. Flat memory.
    """
    coming = Pledge.objects.filter(instance_of=OuterRef("pk"), due_on__gt=today)
    parents = (
        Pledge.objects.public()
        .under_review()
        .filter(~Exists(coming), due_kind=DueKind.RECURRING, instance_of=None)
        .exclude(Q(due_date="") | Q(due_every="") | Q(status__in=["withdrawn", "superseded"]))
    )
    made: list[int] = []
    for keys in bulk.chunks(parents.order_by("pk").values_list("pk", flat=True).iterator()):
        if _periods_to_make(keys, today):
            _lock(Pledge.objects.filter(pk__among=keys).values_list("commitment", flat=True))
            made += _write_drafts(_periods_to_make(keys, today))
    if made:
        publish(things=made, by=None, act=Act.RECUR)
    return made


def _periods_to_make(parents: Sequence[int], today: date) -> list[dict[str, Any]]:
    documents = registry[Pledge.collection].documents(parents).values()
    taken = taken_slots(Pledge.objects.filter(instance_of__among=parents))
    return list(missing_pledges(Bindings(), taken=taken, recurring=documents, today=today))


def _lock(commitments: Iterable[int]) -> None:
    list(Commitment.objects.filter(pk__among=set(commitments)).select_for_update(of=("self",)).order_by("pk"))


def _write_drafts(documents: list[dict[str, Any]]) -> list[int]:
    _give_free_refs(documents)
    keys = bulk.next_ids(Publishable, len(documents))
    named = {ref for document in documents for ref in (document["commitment"], document["actor"]) if ref}
    named |= {document["instance_of"] for document in documents if document["instance_of"]}
    ids = dict(Publishable.objects.filter(ref__in=named).values_list("ref", "pk"))
    ids |= {document["ref"]: key for key, document in zip(keys, documents, strict=True)}
    rows = rows_of(registry[Pledge.collection], dict(zip(keys, documents, strict=True)), ids)
    derive(registry[Pledge.collection], rows)
    bulk.insert(Pledge, list(rows.values()))
    settle_pledges(pledges=keys)
    return keys


def _give_free_refs(documents: Sequence[dict[str, Any]]) -> None:
    """Number the refs that something else has already."""
    wanted = [document["ref"] for document in documents]
    taken = Publishable.objects.filter(ref__in=wanted).values_list("ref", flat=True)
    renamed = {ref: free_ref(ref, but=wanted) for ref in taken}
    for document in documents:
        document["ref"] = renamed.get(document["ref"], document["ref"])
        document["instance_of"] = renamed.get(document["instance_of"], document["instance_of"])


def _follow_themes(pledges: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM tracking_record_themes t USING commitments_pledge p"
            " WHERE t.record_id = ANY(%s::bigint[]) AND p.record_ptr_id = t.record_id AND NOT EXISTS (SELECT FROM"
            " commitments_commitment_themes c WHERE c.commitment_id = p.commitment_id AND c.theme_id = t.theme_id)",
            [key_array(pledges)],
        )
    take_themes(pledges=pledges)


def take_themes(*, pledges: Sequence[int]) -> None:
    """Give pledges those themes of their commitments that they do not have yet. Set-wise."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tracking_record_themes (record_id, theme_id)"
            " SELECT p.record_ptr_id, c.theme_id FROM commitments_pledge p"
            " JOIN commitments_commitment_themes c ON c.commitment_id = p.commitment_id"
            " WHERE p.record_ptr_id = ANY(%s::bigint[]) ON CONFLICT DO NOTHING",
            [key_array(pledges)],
        )
