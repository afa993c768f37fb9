"""What the public is told: documents at a data version, with what is worked out for a day and a moment."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import TextField
from django.db.models.functions import MD5, Cast
from django.utils.translation import gettext_lazy as _

from publishing import ledger
from publishing.errors import DomainError
from publishing.models import (
    NOT_PUBLIC_ANY_MORE,
    Change,
    Document,
    DocumentQuerySet,
    Merger,
    PublicationState,
    Publishable,
    Redaction,
)
from publishing.resource import Asked, Resource, registry

Answer = dict[str, Any]


class VersionToCome(DomainError):
    code = "version_to_come"
    message = _("There is no data version %(version)d yet; the last one is %(last)d.")


class MomentToCome(DomainError):
    code = "moment_to_come"
    message = _("%(moment)s is still to come.")


class VersionAndMoment(DomainError):
    code = "version_and_moment"
    message = _("Ask for a version or for a moment (known_at), not for both.")


class NothingThere(DomainError):
    code = "nothing_there"
    message = _("There is no “%(ref)s” here.")


class Unpublished(DomainError):
    """It was public and is not any more; `params` has the note in both languages."""

    code = "unpublished"
    message = _("“%(ref)s” was unpublished.")


class Merged(DomainError):
    """It was merged into another thing; `params` has the refs of both, `old` and `into`."""

    code = "merged"
    message = _("“%(old)s” was merged into “%(into)s”.")


def ask(
    *,
    now: datetime,
    version: int | None = None,
    known_at: datetime | None = None,
    as_of: date | None = None,
    last: int | None = None,
) -> Asked:
    """Settle what an answer is about.

    `now` and `known_at` are aware, `as_of` is a day in UTC. Without a version the last one is taken, which is `last`
    where that is known already; `known_at` takes the one that stood at that moment. The day defaults to that of the
    version asked for, or today, so an answer with a version is the same for ever. A version or moment before the first
    ledger row is valid and finds nothing.

    Raises VersionToCome, MomentToCome, VersionAndMoment.
    """
    if version is not None and known_at is not None:
        raise VersionAndMoment(parameter="known_at")
    if known_at is not None and known_at > now:
        raise MomentToCome(moment=known_at.isoformat(), parameter="known_at")
    if as_of is not None and as_of > now.astimezone(UTC).date():
        raise MomentToCome(moment=as_of.isoformat(), parameter="as_of")
    last = ledger.head().seq if last is None else last
    moment = now
    if known_at is not None:
        stood, moment = ledger.version_at(known_at), known_at
    elif version is not None:
        if version > last:
            raise VersionToCome(version=version, last=last, parameter="version")
        stood = ledger.whole_version(version)
        recorded = Change.objects.filter(last_seq=stood).values_list("recorded_at", flat=True).first()
        moment = recorded or datetime.min.replace(tzinfo=UTC)
    else:
        stood = last
    if as_of is not None:
        moment = min(now, datetime.combine(as_of + timedelta(days=1), time(), UTC))
    return Asked(
        version=stood,
        named=stood if version is None else version,
        as_of=as_of or moment.astimezone(UTC).date(),
        moment=moment,
    )


def find(ref: str, *, resources: Collection[str] = (), version: int) -> Publishable:
    """Return the public thing of a ref; at a version before it was merged also one that has been merged since.

    Raises NothingThere (also for drafts and for another kind than asked for), Merged, and Unpublished (also for what
    went because what it hung on was merged).
    """
    found = Publishable.objects.filter(ref=ref).exclude(state=PublicationState.DRAFT).select_related("merged_into")
    thing = found.first()
    if thing is None or (resources and thing.resource not in resources):
        raise NothingThere(ref=ref)
    if thing.state == PublicationState.MERGED and thing.documents.at(version).exists():
        return thing
    if thing.merged_into is not None:
        raise Merged(old=ref, into=thing.merged_into.ref)
    if thing.state in NOT_PUBLIC_ANY_MORE:
        raise Unpublished(ref=ref, note_en=thing.unpublished_note_en, note_zh=thing.unpublished_note_zh)
    return thing


def leading_on(address: str, merged: Merged) -> str:
    """Return a path with its question, with the ref of the thing that stays where that of the merged one stood."""
    old, into = merged.params["old"], merged.params["into"]
    path, question, parameters = address.partition("?")
    if path.endswith(f"/{old}/"):
        path = f"{path.removesuffix(f'{old}/')}{into}/"
    named = [f"{name}={into}" if value == old else f"{name}{sign}{value}" for name, sign, value in _parts(parameters)]
    return f"{path}{question}{'&'.join(named)}"


def _parts(parameters: str) -> list[tuple[str, str, str]]:
    return [part.partition("=") for part in parameters.split("&")]


def taken_in(key: int, *, version: int) -> list[Answer]:
    """Return what was merged into a thing up to a version: ref, the last version with it, and the notes. One query."""
    rows = Merger.objects.standing_at(version).filter(into=key).order_by("done_in__first_seq")
    return [
        {"ref": ref, "version": first - 1, "note_en": english, "note_zh": chinese}
        for ref, first, english, chinese in rows.values_list("old__ref", "done_in__first_seq", "note_en", "note_zh")
    ]


def last_redaction() -> int:
    """Return the position of the last redaction, which changed what earlier versions show; 0 when there is none."""
    return Redaction.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def unpublished_now() -> str | None:
    """Return a hash of which things are unpublished, and so shown at no version; None when there are none. One query.

    It changes when one goes, and is what it was when that one is back.
    """
    keys = StringAgg(Cast("pk", TextField()), ",", order_by="pk")
    return Publishable.objects.filter(state=PublicationState.UNPUBLISHED).aggregate(hash=MD5(keys))["hash"]


def standing(version: int) -> DocumentQuerySet:
    """Return the documents that stood at a version, without those of what has been unpublished since."""
    return Document.objects.at(version).shown()


def documents(keys: Collection[int], *, version: int) -> dict[int, Answer]:
    """Return the documents of things as they stood at a version, by key. One query."""
    rows = standing(version).filter(thing__in=keys).values_list("thing_id", "body")
    return dict(rows)


def present(resource: type[Resource], keys: Sequence[int], asked: Asked) -> list[Answer]:
    """Return the answers for things of one resource, in the order of the keys, without those that did not stand then.

    One query, and those of the resource's computed fields.
    """
    standing = documents(keys, version=asked.version)
    computed = resource.compute(standing, asked)
    return [standing[key] | computed[key] for key in keys if key in standing]


def named(resource: type[Resource], refs: Collection[str], asked: Asked) -> list[Answer]:
    """Return the answers for things of one resource by their refs, in the order of the alphabet."""
    keys = Publishable.objects.filter(ref__in=refs, resource=resource.name).order_by("ref").values_list("pk", flat=True)
    return present(resource, list(keys), asked)


def where(resource: type[Resource], asked: Asked, **conditions: Any) -> list[Answer]:
    """Return the answers for the documents of one resource that link to something, in the order of their refs.

    `where(PassageResource, asked, source="src-talk-zh")` gives the passages of that source. The links that this can ask
    for are those with an index, in the migration `document_links`.
    """
    keys = (
        standing(asked.version)
        .filter(thing__resource=resource.name, **{f"body__{name}": value for name, value in conditions.items()})
        .order_by("thing__ref")
        .values_list("thing_id", flat=True)
    )
    return present(resource, list(keys), asked)


def labels(refs: Iterable[str], *, version: int) -> dict[str, Answer]:
    """Return how things are named at a version: {ref: {ref, resource, title_en, title_zh}}. Two queries.

    Actors have name_en and name_zh instead, themes label_en and label_zh; whoever has other words has those. What a
    resource is `named_with` is named inside.
    """
    bodies = _bodies(refs, version)
    wanted = {
        body[link] for resource, body in bodies.values() for link in registry[resource].named_with if body.get(link)
    }
    inner = _bodies(wanted, version) if wanted else {}
    named = {}
    for ref, (resource, body) in bodies.items():
        named[ref] = _label(ref, resource, body)
        for link in registry[resource].named_with:
            other = body.get(link)
            named[ref][link] = _label(other, *inner[other]) if other in inner else None
    return named


def _bodies(refs: Iterable[str], version: int) -> dict[str, tuple[str, Answer]]:
    rows = standing(version).filter(thing__ref__in=set(refs)).values_list("thing__ref", "thing__resource", "body")
    return {ref: (resource, body) for ref, resource, body in rows}


def _label(ref: str, resource: str, body: Answer) -> Answer:
    label = registry[resource].label
    words = (f"{label}_en", f"{label}_zh") if f"{label}_en" in body else (label,)
    return {"ref": ref, "resource": resource} | {word: body[word] for word in words}


def positions(keys: Collection[int], *, version: int) -> dict[int, Answer]:
    """Return at which ledger position each thing's document became what it was at a version. One query."""
    rows = (
        standing(version)
        .filter(thing__in=keys)
        .values_list("thing_id", "entry_id", "entry__recorded_at", "entry__hash", "entry__document_hash")
    )
    return {
        key: {"seq": seq, "recorded_at": ledger.timestamp(recorded_at), "hash": own, "document_hash": document}
        for key, seq, recorded_at, own, document in rows
    }
