"""The pages of actors, instruments and themes: what is known of each, and its records."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from catalog.resources import ThemeResource
from commitments.models import Instrument
from commitments.resources import InstrumentResource, SignatureResource
from publishing import reading
from publishing.models import Publishable
from publishing.resource import Asked
from sources.models import Divergence
from sources.resources import DivergenceResource, PassageResource, SourceResource
from tracking.models import Record
from tracking.resources import with_sources
from website import asking, dossier, listing
from website.refusing import page
from website.shares import shares_of


def known(name: str, ref: str, records: Q, asked: Asked) -> dict[str, Any]:
    """Return what the pages of all three kinds show: the thing, its records by status, and the first of them."""
    key, answer = dossier.thing(name, ref, asked)
    found = Record.objects.public().filter(records)
    counts = listing.status_counts(listing.counted(found))
    keys = list(listing.ordered(found, "status").values_list("pk", flat=True)[: listing.PAGE_SIZE + 1])
    sources = reading.named(SourceResource, answer.get("sources", []), asked)
    return {
        "key": key,
        "thing": answer,
        "filter": name.removesuffix("s"),
        "shares": [shares_of(resource, by_status) for resource, by_status in counts.items() if by_status],
        "entries": listing.entries(keys[: listing.PAGE_SIZE], asked),
        "more": len(keys) > listing.PAGE_SIZE,
        "sources": {source["ref"]: source for source in sources},
    }


def show(request: HttpRequest, template: str, shown: dict[str, Any], asked: Asked) -> HttpResponse:
    """Render a page, with the labels of everything that the thing names."""
    thing = shown["thing"]
    refs = {thing[name] for name in ("parent", "supersedes") if thing.get(name)}
    refs.update(link for name in ("members", "issuers") for link in thing.get(name, []))
    refs.update(signature["actor"] for signature in shown.get("signatures", []))
    return render(request, template, shown | {"labels": reading.labels(refs, version=asked.version)})


@page
def actor(request: HttpRequest, ref: str) -> HttpResponse:
    """Show an actor with what it promised, proposed, hosts or takes part in."""
    asking.parameters(request.GET, known=())
    asked = reading.ask(now=timezone.now())
    shown = known("actors", ref, listing.of_actor(ref), asked)
    shown["taken_in"] = reading.taken_in(shown["key"], version=asked.version)
    return show(request, "website/actor.html", shown, asked)


@page
def instrument(request: HttpRequest, ref: str) -> HttpResponse:
    """Show an instrument with the records that stand in it, and where its language versions differ."""
    asking.parameters(request.GET, known=())
    asked = reading.ask(now=timezone.now())
    shown = known("instruments", ref, Q(instrument__ref=ref), asked)
    later = Instrument.objects.public().filter(supersedes=shown["key"]).order_by("ref")
    about = Q(subject=shown["key"]) | Q(
        subject__in=Record.objects.public().filter(instrument=shown["key"]).values("pk")
    )
    differing = Divergence.objects.public().filter(about).order_by("ref").values_list("pk", flat=True)
    divergences = reading.present(DivergenceResource, list(differing), asked)
    passages = {passage for divergence in divergences for passage in divergence["passages"]}
    told = with_sources(reading.named(PassageResource, passages, asked), asked)
    shown |= {
        "signatures": reading.where(SignatureResource, asked, instrument=ref),
        "replaced_by": reading.present(InstrumentResource, list(later.values_list("pk", flat=True)), asked),
        "divergences": divergences,
        "subjects": reading.labels(
            {divergence["subject"] for divergence in divergences} - {ref}, version=asked.version
        ),
        "passages": told,
        "passage_of": {passage["ref"]: passage for passage in told},
    }
    return show(request, "website/instrument.html", shown, asked)


@page
def theme(request: HttpRequest, ref: str) -> HttpResponse:
    """Show a theme with the records that are about it or about a narrower one."""
    asking.parameters(request.GET, known=())
    asked = reading.ask(now=timezone.now())
    shown = known("themes", ref, listing.of_theme(ref), asked)
    narrower = Publishable.objects.public().filter(as_theme__parent=shown["key"]).order_by("ref")
    shown["narrower"] = reading.present(ThemeResource, list(narrower.values_list("pk", flat=True)), asked)
    return show(request, "website/theme.html", shown, asked)
