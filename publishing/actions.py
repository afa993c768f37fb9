"""The only ways in which something becomes public, changes in public, or ceases to be public."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import User
from publishing import ledger
from publishing.bulk import chunks
from publishing.errors import (
    ItIsMerged,
    NotAllowedToPublish,
    NoteMissing,
    NotPublic,
    ParentNotPublic,
    PreparedByYourself,
)
from publishing.ledger import Appending, Item
from publishing.models import Act, Action, Document, PublicationState, Publishable
from publishing.resource import Resource, registry


def publish(
    *, things: Sequence[int], by: User | None, act: str = Act.PUBLISH, under: Appending | None = None
) -> Appending:
    """Make things public, or bring what is public up to date with their rows, as one act.

    `things` are keys of Publishable of any kinds. A draft or an unpublished thing is published; of one that is public,
    a revision is written if its document changed, and nothing otherwise. `under` adds to an act that is under way.
    With a thing that was unpublished, all that went with it comes back; what is derived from a revised one is revised
    with it. Set-wise: a constant number of queries for each 5,000 things of a kind.

    A person (`by`) needs the right to publish, and under the two-person rule another one must have prepared each of the
    things, and each that comes back with them. Commands and jobs (`by` is None) act for the operator.

    Raises NotAllowedToPublish, PreparedByYourself, ItIsMerged, and ParentNotPublic when a thing hangs on one that is
    not public and not among `things`.
    """
    refuse_without_right(by=by)
    with _act(act, by, under, things) as current:
        going_out = [*things, *_gone_with(things)]
        if by is not None:
            refuse_own_work(things=going_out, by=by)
        for resource, ids in by_resource([*going_out, *_following(things)]):
            _refuse_orphans(resource=resource, ids=ids)
            resource.settle(ids)
            for chunk in chunks(ids):
                _publish_documents(resource=resource, documents=resource.documents(chunk), under=current)
            resource.follow(ids, current.seq_of, current.first_seq)
        for chunk in chunks(going_out):
            Publishable.objects.filter(pk__among=chunk, prepared_by__isnull=False).update(prepared_by=None)
    return current


def _publish_documents(*, resource: type[Resource], documents: Mapping[int, dict[str, Any]], under: Appending) -> None:
    """Write the documents of settled rows of one resource, given by key; one that stands already is left alone."""
    states = dict(Publishable.objects.filter(pk__among=documents).values_list("pk", "state"))
    merged = next((key for key in documents if states[key] == PublicationState.MERGED), None)
    if merged is not None:
        raise ItIsMerged(ref=documents[merged]["ref"])
    public = [key for key in documents if states[key] == PublicationState.PUBLISHED]
    stood = dict(Document.objects.current().filter(thing__among=public).values_list("thing_id", "body"))
    items = []
    for key, document in documents.items():
        if key in stood and stood[key] == document:
            continue
        action = Action.REVISED if key in stood else Action.PUBLISHED
        items.append(Item(key, resource.name, document["ref"], action, document))
    under.append(items)
    fresh = [key for key in documents if states[key] != PublicationState.PUBLISHED]
    Publishable.objects.filter(pk__among=fresh).update(
        state=PublicationState.PUBLISHED, unpublished_note_en="", unpublished_note_zh=""
    )


def unpublish(*, thing: Publishable, note_en: str, note_zh: str, by: User | None) -> Appending:
    """Take a thing out of the public, and all that hangs on it, leaving the note in their place.

    It may be urgent, so that the two-person rule does not apply to it; a person needs the right to publish.

    Raises NotAllowedToPublish, NotPublic, NoteMissing, and what a resource refuses: a published status change is
    corrected, never taken back, and what one stands on stays with it.
    """
    refuse_without_right(by=by)
    if not (note_en.strip() or note_zh.strip()):
        raise NoteMissing(ref=thing.ref)
    with transaction.atomic():
        lock([thing.pk, *hanging_on([thing.pk])])
        return _unpublish(thing=thing, note_en=note_en, note_zh=note_zh, by=by)


def _unpublish(*, thing: Publishable, note_en: str, note_zh: str, by: User | None) -> Appending:
    with ledger.appending(act=Act.UNPUBLISH, by=by) as current:
        thing = Publishable.objects.get(pk=thing.pk)
        if not thing.is_public:
            raise NotPublic(ref=thing.ref)
        gone = [thing.pk, *hanging_on([thing.pk])]
        groups = by_resource(gone)
        for resource, ids in groups:
            resource.refuse_unpublishing(ids, gone)
        rows = Publishable.objects.filter(pk__among=gone).order_by("pk").values_list("pk", "resource", "ref")
        current.append([Item(pk, resource, ref, Action.UNPUBLISHED, None) for pk, resource, ref in rows])
        Publishable.objects.filter(pk__among=gone).update(
            state=PublicationState.UNPUBLISHED, unpublished_note_en=note_en, unpublished_note_zh=note_zh
        )
        for resource, ids in groups:
            resource.follow_unpublished(ids)
    return current


@contextmanager
def _act(act: str, by: User | None, under: Appending | None, things: Sequence[int]) -> Iterator[Appending]:
    if under is not None:
        yield under
        return
    with transaction.atomic():
        published = [*things, *_gone_with(things), *_following(things)]
        lock([*published, *touched_by(published)])
        with ledger.appending(act=act, by=by) as current:
            yield current


def refuse_without_right(*, by: User | None) -> None:
    """Raise NotAllowedToPublish for a person who may not publish."""
    if by is not None and not by.has_perm("publishing.publish_publishable"):
        raise NotAllowedToPublish()


def refuse_own_work(*, things: Sequence[int], by: User) -> None:
    """Raise PreparedByYourself under the two-person rule if somebody was the last to edit one of these things."""
    if not settings.TWO_PERSON_RULE:
        return
    own = Publishable.objects.filter(pk__among=things, prepared_by=by).order_by("pk").values_list("ref", flat=True)
    if own:
        raise PreparedByYourself(ref=own[0])


def lock(things: Sequence[int]) -> None:
    """Wait for whoever is saving one of these things, before the ledger's lock is taken.

    Somebody who saves a row and publishes it holds the row on coming to that lock: to wait for the row behind it
    would be a deadlock. What hangs on the things may still change until then, so it is asked for again after it.
    """
    list(Publishable.objects.select_for_update(no_key=True).filter(pk__among=things).order_by("pk").values_list("pk"))


def touched_by(things: Sequence[int]) -> list[int]:
    """Return the keys of other things whose rows are written when these are published."""
    return [key for resource, ids in by_resource(things) for key in resource.touched(ids)]


def by_resource(things: Sequence[int]) -> list[tuple[type[Resource], list[int]]]:
    """Group keys by their resource in order of rank, keeping the given order within each."""
    kinds: dict[int, str] = {}
    for chunk in chunks(things):
        kinds.update(Publishable.objects.filter(pk__among=chunk).values_list("pk", "resource"))
    groups: dict[str, list[int]] = {resource.name: [] for resource in registry}
    for key in things:
        groups[kinds[key]].append(key)
    return [(registry[name], ids) for name, ids in groups.items() if ids]


def _refuse_orphans(*, resource: type[Resource], ids: Sequence[int]) -> None:
    """Raise ParentNotPublic if one of these things hangs on something that is neither public nor among them."""
    published_together = set(ids)
    for parent in resource.parents():
        for chunk in chunks(ids):
            orphans = (
                resource.model._base_manager.filter(pk__among=chunk, **{f"{parent.source}__isnull": False})
                .exclude(**{f"{parent.source}__state": PublicationState.PUBLISHED})
                .order_by("pk")
                .values_list("ref", f"{parent.source}_id", f"{parent.source}__ref")
            )
            for ref, key, parent_ref in orphans:
                if key not in published_together:
                    raise ParentNotPublic(ref=ref, parent=parent_ref)


def _gone_with(things: Sequence[int]) -> list[int]:
    """Return what was unpublished because it hangs on unpublished ones of these things."""
    back = [
        key
        for chunk in chunks(things)
        for key in Publishable.objects.filter(pk__among=chunk, state=PublicationState.UNPUBLISHED).values_list(
            "pk", flat=True
        )
    ]
    return sorted(set(hanging_on(back, state=PublicationState.UNPUBLISHED)) - set(things))


def _following(things: Sequence[int]) -> list[int]:
    """Return the public things, not among these, whose derived columns follow from these."""
    found = {
        key
        for resource in registry
        for link in resource.follows
        for key in resource.model._base_manager.filter(
            **{f"{resource.fields[link].source}__among": things}, state=PublicationState.PUBLISHED
        ).values_list("pk", flat=True)
    }
    return sorted(found - set(things))


def hanging_on(ids: Sequence[int], *, state: str = PublicationState.PUBLISHED) -> list[int]:
    """Return the keys of all things in a state that hang, directly or not, on these."""
    found: list[int] = []
    level = list(ids)
    while level:
        children = [
            key
            for resource in registry
            for parent in resource.parents()
            for key in resource.model._base_manager.filter(**{f"{parent.source}__in": level}, state=state).values_list(
                "pk", flat=True
            )
        ]
        level = sorted(set(children) - set(found) - set(ids))
        found.extend(level)
    return found
