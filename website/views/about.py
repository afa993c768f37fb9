"""How statuses are decided and what each one means."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tracking.models import TRACKED_RESOURCES
from tracking.statuses import statuses_of
from website import asking
from website.refusing import page


@page
def method(request: HttpRequest) -> HttpResponse:
    """Tell how a status is decided."""
    asking.parameters(request.GET, known=())
    return render(request, "website/method.html")


@page
def statuses(request: HttpRequest) -> HttpResponse:
    """Tell what each status means, in both languages, and how it maps to other scales."""
    asking.parameters(request.GET, known=())
    return render(
        request,
        "website/statuses.html",
        {"kinds": [(resource, statuses_of(resource)) for resource in TRACKED_RESOURCES]},
    )


@page
def verify(request: HttpRequest) -> HttpResponse:
    """Tell how anybody can check a record, some positions or all of the ledger."""
    asking.parameters(request.GET, known=())
    return render(request, "website/verify.html")
