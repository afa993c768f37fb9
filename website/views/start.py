"""The start page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from publishing import reading
from website import asking, front
from website.refusing import page


@page
def start(request: HttpRequest) -> HttpResponse:
    """Show where things stand, what changed last, and which days come or have passed."""
    asking.parameters(request.GET, known=())
    now = timezone.now()
    asked = reading.ask(now=now)
    return render(
        request,
        "website/start.html",
        {
            "shares": front.shares(),
            "changes": front.latest_changes(asked),
            "opening": front.opening(asked),
            **front.deadlines(asked, now=now),
        },
    )
