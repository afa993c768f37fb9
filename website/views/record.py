"""The page of one record."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from publishing.words import readers_language
from website import asking, dossier
from website.refusing import page

# Names of styles are the same in both languages.
CITATION_STYLES = {"apa": "APA", "gbt7714": "GB/T 7714", "bibtex": "BibTeX", "csl-json": "CSL-JSON"}


@page
def record(request: HttpRequest, ref: str) -> HttpResponse:
    """Show a record as it stands, or as it stood: `?version=`, `?known_at=`, `?as_of=`."""
    given = asking.parameters(request.GET, known=asking.POINTS)
    asked = asking.point(given, now=timezone.now())
    shown = dossier.record(ref, asked)
    return render(
        request,
        "website/record.html",
        shown
        | {
            "asked": asked,
            "given": given,
            "recorded_at": dossier.recorded_at(asked.version),
            "citation_styles": CITATION_STYLES.items(),
            "lang": readers_language(),
        },
    )
