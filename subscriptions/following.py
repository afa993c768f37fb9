"""What can be followed, and which records a subscription is about."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from catalog.models import Actor, Theme
from commitments.models import Instrument, Pledge
from mechanisms.models import Mechanism, Proposal
from publishing.models import Document
from publishing.resource import registry
from publishing.searching import named_words
from publishing.words import words
from subscriptions.models import FOLLOWABLE_RESOURCES, Subscription
from tracking.models import Record, RecordQuerySet

MOST_FOUND_OF_A_KIND = 10


@dataclass(frozen=True)
class Followable:
    """Something public that can be followed, named in the reader's language; `depth` is a theme's depth in its tree."""

    ref: str
    kind: str
    label: str
    depth: int = 0


def themes() -> list[Followable]:
    """Return all public themes, each before its narrower ones. One query."""
    narrower: dict[str | None, list[dict[str, Any]]] = {}
    for body in _public(["themes"]).values_list("body", flat=True):
        narrower.setdefault(body["parent"], []).append(body)

    def branches(parent: str | None, depth: int) -> Iterator[Followable]:
        named = [_named("themes", body, depth=depth) for body in narrower.get(parent, ())]
        for theme in sorted(named, key=lambda theme: theme.label):
            yield theme
            yield from branches(theme.ref, depth + 1)

    return list(branches(None, 0))


def named(refs: Iterable[str]) -> list[Followable]:
    """Return those of the refs that can be followed, with their names; a pledge with its actor's. Two queries."""
    rows = list(_public(FOLLOWABLE_RESOURCES).filter(thing__ref__in=list(refs)).values_list("thing__resource", "body"))
    promisers = {body["actor"] for _kind, body in rows if body.get("actor")}
    actors = {
        body["ref"]: _named("actors", body).label
        for body in _public(["actors"]).filter(thing__ref__in=promisers).values_list("body", flat=True)
    }
    found = [_named(kind, body, whose=actors.get(body.get("actor") or "", "")) for kind, body in rows]
    return sorted(found, key=lambda thing: (thing.kind, thing.label, thing.ref))


def find(words: str) -> list[Followable]:
    """Return actors, instruments and records that have all these words in their names, ten of each.

    A word may be the beginning of one; Chinese characters that stand side by side must do so in the name. The names
    are those in either language; a record has its actor's too. Words that every English text has are not looked for.
    """
    asked = named_words(words)
    if not asked:
        return []
    found: list[str] = []
    for things in (Actor.objects.public(), Instrument.objects.public(), Record.objects.public()):
        for word in asked:
            own = Document.objects.current().filter(word).values("thing")
            if things.model is Record:
                own = own.union(Record.objects.filter(actor__in=Actor.objects.filter(pk__in=own)).values("pk"))
            things = things.filter(pk__in=own)
        found.extend(things.order_by("ref").values_list("ref", flat=True)[:MOST_FOUND_OF_A_KIND])
    return named(found)


def records_followed(subscription: Subscription) -> RecordQuerySet:
    """Return the public records that a subscription is about; all of them when it chose nothing.

    A theme stands for its narrower ones too, an actor for what it promised, hosts or proposed, a recurring pledge for
    its instances. Costs one query, and one for each level of themes.
    """
    records = Record.objects.public()
    chosen = dict(subscription.follows.values_list("pk", "resource"))
    if not chosen:
        return records
    themes = _with_narrower([key for key, resource in chosen.items() if resource == "themes"])
    return records.filter(
        Q(pk__in=chosen)
        | Q(actor__in=chosen)
        | Q(instrument__in=chosen)
        | Q(pk__in=Record.themes.through.objects.filter(theme__in=themes).values("record"))
        | Q(pk__in=Pledge.objects.filter(instance_of__in=chosen).values("pk"))
        | Q(pk__in=Mechanism.objects.filter(hosts__in=chosen).values("pk"))
        | Q(pk__in=Proposal.objects.filter(proposed_by__in=chosen).values("pk"))
    )


def _with_narrower(themes: Sequence[int]) -> set[int]:
    found, level = set(themes), set(themes)
    while level:
        level = set(Theme.objects.filter(parent__in=level).values_list("pk", flat=True)) - found
        found |= level
    return found


def _public(resources: Sequence[str]) -> QuerySet[Document]:
    return Document.objects.current().filter(thing__resource__in=resources)


def _named(kind: str, body: dict[str, Any], *, depth: int = 0, whose: str = "") -> Followable:
    resource = registry[kind]
    label = words(body, resource.label).text or body["ref"]
    facts = [fact for fact in (label, body.get("period"), whose) if fact]
    return Followable(body["ref"], str(resource.verbose_name), " · ".join(facts), depth)
