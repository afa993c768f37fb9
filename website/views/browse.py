"""Search and browse all records."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from catalog.resources import ThemeResource
from publishing import reading
from publishing.models import Publishable
from publishing.words import words
from tracking.models import TRACKED_RESOURCES
from tracking.statuses import STATUSES, statuses_of
from website import asking, listing
from website.refusing import page
from website.shares import shares_of

AT_MOST_NAMED = 8


@page
def records(request: HttpRequest) -> HttpResponse:
    """List the records that the parameters ask for, with the counts by kind and status under the same parameters."""
    given = asking.parameters(request.GET, known=listing.FILTERS)
    now = timezone.now()
    asked = reading.ask(now=now)
    listing.check_filters(given, version=asked.version)
    found = listing.filtered(given, now=now)
    counts = listing.status_counts(found)
    total = sum(sum(by_status.values()) for by_status in counts.values())
    sort = given.get("sort", "status")
    keys, number, last = listing.page_of(listing.ordered(found, sort), page=given.get("page", "1"), total=total)
    themes = reading.present(
        ThemeResource, list(Publishable.objects.public().filter(resource="themes").values_list("pk", flat=True)), asked
    )
    resources = [given["resource"]] if "resource" in given else TRACKED_RESOURCES
    possible = {status.code for resource in resources for status in statuses_of(resource)}
    return render(
        request,
        "website/records.html",
        {
            "given": given,
            "entries": listing.entries(keys, asked),
            "total": total,
            "number": number,
            "last": last,
            "shares": [shares_of(resource, by_status) for resource, by_status in counts.items() if by_status],
            "statuses": [status for status in STATUSES.values() if status.code in possible],
            "resources": TRACKED_RESOURCES,
            "themes": sorted(themes, key=lambda theme: words(theme, "label").text),
            "sorts": listing.SORTS.items(),
            "sort": sort,
            "chosen": reading.labels([given[name] for name in listing.NAMED if name in given], version=asked.version),
            "named": listing.named_by(given["q"], at_most=AT_MOST_NAMED) if "q" in given and number == 1 else [],
        },
    )
