"""Merging what turned out to be one and the same: from then on the old ref leads to the thing that stays.

docs/decisions/0007-merging.md tells what moves, what stays behind, and what the ledger says of it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import serializers
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext, gettext_noop, override

from accounts.models import User
from publishing import ledger
from publishing.actions import by_resource, hanging_on, lock, publish, refuse_without_right
from publishing.errors import MergerClosed, MergerPreparedByYourself, MergerWaits, NotPublic
from publishing.ledger import Appending, Item
from publishing.models import Act, Action, Change, Merger, MergerState, PublicationState, Publishable
from publishing.moving import Move, Pair, Plan, links_by_name, plan_merger
from publishing.resource import registry

Follow = Callable[[Sequence[int], datetime], None]
_following: list[Follow] = []


def follows_mergers(follow: Follow) -> Follow:
    """Decorate what higher layers do with things (keys, an aware moment) that were merged or separated."""
    _following.append(follow)
    return follow


@transaction.atomic
def prepare_merger(
    *, old: Publishable, into: Publishable, by: User, now: datetime, note_en: str = "", note_zh: str = ""
) -> Merger:
    """Write down that `old` is the same as `into`, which is to stay. Nothing changes in public.

    Raises MergerWaits and what `plan_merger` raises.
    """
    lock([old.pk])
    if Merger.objects.filter(old=old.pk, state=MergerState.WAITING).exists():
        raise MergerWaits(ref=old.ref)
    plan_merger(old=old.pk, into=into.pk)
    return Merger.objects.create(
        old_id=old.pk,
        into_id=into.pk,
        note_en=note_en.strip(),
        note_zh=note_zh.strip(),
        prepared_by=by,
        prepared_at=now,
    )


@transaction.atomic
def discard_merger(*, merger: Merger, by: User, now: datetime) -> None:
    """Close a merger that waits: its own author, or somebody who may publish.

    Raises MergerClosed, NotAllowedToPublish.
    """
    if by.pk != merger.prepared_by_id:
        refuse_without_right(by=by)
    merger = _locked(merger, MergerState.WAITING)
    merger.state, merger.closed_by, merger.closed_at = MergerState.DISCARDED, by, now
    merger.save(update_fields=["state", "closed_by", "closed_at"])


@transaction.atomic
def merge(*, merger: Merger, by: User, now: datetime) -> Appending:
    """Let one thing take the place of the other, as one act: what led to the old one leads to the other from then on.

    What belongs to the history of the old one, such as its status changes, goes out of the public with it.

    Raises NotAllowedToPublish, MergerPreparedByYourself, MergerClosed and what `plan_merger` raises.
    """
    refuse_without_right(by=by)
    if needs_second_person(merger=merger, by=by):
        raise MergerPreparedByYourself()
    merger = _locked(merger, MergerState.WAITING)
    lock(_concerned(plan_merger(old=merger.old_id, into=merger.into_id)))
    plan = plan_merger(old=merger.old_id, into=merger.into_id)
    removed = _remove([move.row for move in plan.moves if move.to is None])
    _lead(plan.moves)
    olds, intos = [pair.old.pk for pair in plan.pairs], [pair.into.pk for pair in plan.pairs]
    gone = [key for key in hanging_on(olds) if key not in olds]
    moved = _settled(plan.things - {*olds, *intos, *gone})
    with ledger.appending(act=Act.MERGE, by=by) as current:
        _take_in(plan.pairs, gone, merger, current)
        publish(things=moved, by=by, under=current)
    merger.state, merger.closed_by, merger.closed_at = MergerState.MERGED, by, now
    merger.done_in = Change.objects.get(pk=current.id)
    merger.outcome = {
        "pairs": [[pair.old.pk, pair.into.pk] for pair in plan.pairs],
        "gone": gone,
        "moved": [[move.name, move.row.pk, move.left, move.to] for move in plan.moves if move.to is not None],
        "removed": removed,
        "things": sorted(plan.things),
    }
    merger.save()
    _tell([*olds, *intos], now)
    return current


@transaction.atomic
def undo_merger(*, merger: Merger, by: User, now: datetime) -> Appending:
    """Publish again what a merger took out, and let what it moved lead there once more, as one act.

    What came to the thing that stays since the merger stays with it. One person is enough, as for unpublishing: what
    comes back is what two had agreed to before.

    Raises NotAllowedToPublish, MergerClosed, NotPublic when the thing that stays has gone itself, and what a resource
    refuses: evidence that a later status stands on does not leave it.
    """
    refuse_without_right(by=by)
    merger = _locked(merger, MergerState.MERGED)
    outcome = merger.outcome
    olds, intos = ([pair[side] for pair in outcome["pairs"]] for side in (0, 1))
    back = [*olds, *outcome["gone"]]
    lock(sorted({*back, *intos, *outcome["things"]}))
    if not Publishable.objects.public().filter(pk=merger.into_id).exists():
        raise NotPublic(ref=merger.into.ref)
    things = [key for key in outcome["things"] if key not in (*olds, *intos)]
    for resource, ids in by_resource(_public(things)):
        resource.refuse_unpublishing(ids, things)
    # For the length of this act they are as they were before they became public.
    Publishable.objects.filter(pk__in=back).update(state=PublicationState.DRAFT, merged_into=None)
    links = links_by_name()
    for name, row, left, to in outcome["moved"]:
        link = links[name]
        link.model._base_manager.filter(pk=row, **{link.name: to}).update(**{link.name: left})
    _restore(outcome["removed"])
    with ledger.appending(act=Act.SEPARATE, by=by) as current:
        publish(things=[*back, *_settled(things), *_public(intos)], by=by, under=current)
    merger.state, merger.undone_in = MergerState.UNDONE, Change.objects.get(pk=current.id)
    merger.save(update_fields=["state", "undone_in"])
    _tell([*olds, *intos], now)
    return current


def needs_second_person(*, merger: Merger, by: User) -> bool:
    """Whether the two-person rule keeps somebody from doing a merger: they prepared it."""
    return settings.TWO_PERSON_RULE and by.pk == merger.prepared_by_id


def _locked(merger: Merger, state: MergerState) -> Merger:
    stored = Merger.objects.select_for_update(of=("self",)).get(pk=merger.pk)
    if stored.state != state:
        raise MergerClosed()
    return stored


def _concerned(plan: Plan) -> list[int]:
    ends = [thing.pk for pair in plan.pairs for thing in pair]
    return sorted({*plan.things, *ends, *hanging_on(ends)})


def _public(things: Iterable[int]) -> list[int]:
    return list(Publishable.objects.public().filter(pk__in=things).order_by("pk").values_list("pk", flat=True))


def _settled(things: Iterable[int]) -> list[int]:
    """Bring what is derived on things up to date, drafts included, and return those that are public."""
    for resource, ids in by_resource(sorted(things)):
        resource.settle(ids)
    return _public(things)


def _lead(moves: Iterable[Move]) -> None:
    rows: dict[tuple[str, int | None], list[Move]] = {}
    for move in moves:
        if move.to is not None:
            rows.setdefault((move.name, move.to), []).append(move)
    for (_name, to), same in rows.items():
        link = same[0].link
        link.model._base_manager.filter(pk__in=[move.row.pk for move in same]).update(**{link.name: to})


def _remove(rows: Sequence[Model]) -> list[dict[str, Any]]:
    """Delete rows that would be there twice, and return them as they were."""
    kept: list[dict[str, Any]] = json.loads(serializers.serialize("json", rows))
    for row in rows:
        row.delete()
    return kept


def _restore(rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows again, but those about something that is not there any more."""
    for row in serializers.deserialize("python", rows):
        links = [field for field in row.object._meta.local_fields if field.is_relation]
        if all(
            link.related_model._base_manager.filter(pk=getattr(row.object, link.attname)).exists()
            for link in links
            if link.related_model and getattr(row.object, link.attname) is not None
        ):
            row.save()


def _take_in(pairs: Sequence[Pair], gone: Sequence[int], merger: Merger, current: Appending) -> None:
    """Write of each pair that the old thing was merged, and right after it what took it in as it is now.

    What is gone with them, because it hangs on an old thing, was merged and has nothing in its place.
    """
    items = []
    for old, into in pairs:
        resource = registry[into.resource]
        resource.settle([into.pk])
        document = resource.documents([into.pk])[into.pk]
        items += [
            Item(old.pk, old.resource, old.ref, Action.MERGED, None),
            Item(into.pk, into.resource, into.ref, Action.ABSORBED, document),
        ]
    rows = Publishable.objects.filter(pk__in=gone).order_by("pk").values_list("pk", "resource", "ref")
    items += [Item(pk, resource, ref, Action.MERGED, None) for pk, resource, ref in rows]
    current.append(items)
    for old, into in pairs:
        _mark([old.pk], into.pk, merger, WENT, old=old.ref, into=into.ref)
        registry[into.resource].follow([into.pk], current.seq_of, current.first_seq)
    _mark(gone, None, merger, WENT_WITH, old=merger.old.ref, into=merger.into.ref)
    for resource, ids in by_resource([*(pair.old.pk for pair in pairs), *gone]):
        resource.follow_unpublished(ids)


WENT = gettext_noop("“%(old)s” was merged into “%(into)s”.")
WENT_WITH = gettext_noop("It belongs to “%(old)s”, which was merged into “%(into)s”. Earlier versions have it.")


def _mark(things: Sequence[int], target: int | None, merger: Merger, sentence: str, **refs: str) -> None:
    """Leave in the place of things where they went, in both languages, with the merger's note."""
    said = {}
    for language, column in (("en", "en"), ("zh-hans", "zh")):
        with override(language):
            said[column] = f"{gettext(sentence) % refs} {getattr(merger, f'note_{column}')}".strip()
    Publishable.objects.filter(pk__in=things).update(
        state=PublicationState.MERGED,
        merged_into=target,
        unpublished_note_en=said["en"],
        unpublished_note_zh=said["zh"],
    )


def _tell(things: Sequence[int], now: datetime) -> None:
    for follow in _following:
        follow(things, now)
