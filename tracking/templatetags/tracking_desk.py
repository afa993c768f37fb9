"""What the templates of the admin ask about tracking."""

from typing import Any, NamedTuple

from django import template
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from publishing.models import Publishable
from tracking.models import Decision, DecisionState, Finding, Record
from tracking.statuses import STATUSES

register = template.Library()


class Waiting(NamedTuple):
    """One part of the daily work: how much waits, in words, and where it is done."""

    number: int
    words: str
    address: str


@register.filter
def status_colour(code: str) -> str:
    return STATUSES[code].colour


@register.simple_tag(takes_context=True)
def waiting_work(context: Context) -> list[Waiting]:
    """Return what waits for the person who is logged in: only lists that they may see."""
    user: Any = context["user"]
    work = []
    if user.has_perm("tracking.view_finding") or user.has_perm("tracking.change_finding"):
        queue = reverse("admin:tracking_finding_changelist")
        found = Finding.objects.open().count()
        work.append(Waiting(found, ngettext("open finding", "open findings", found), queue))
    if user.has_perm("tracking.view_decision"):
        submitted = Decision.objects.filter(state=DecisionState.SUBMITTED).count()
        address = reverse("admin:tracking_decision_changelist") + f"?state__exact={DecisionState.SUBMITTED}"
        work.append(Waiting(submitted, ngettext("submitted decision", "submitted decisions", submitted), address))
        returned = Decision.objects.filter(state=DecisionState.RETURNED, prepared_by=user.pk).count()
        address = reverse("admin:tracking_decision_changelist") + (
            f"?state__exact={DecisionState.RETURNED}&prepared_by__id__exact={user.pk}"
        )
        if returned:
            words = ngettext("decision returned to you", "decisions returned to you", returned)
            work.append(Waiting(returned, words, address))
    if user.has_perm("tracking.view_record"):
        records = reverse("admin:tracking_record_changelist")
        overdue = Record.objects.public().overdue(now=timezone.now()).count()
        soon = Record.objects.public().due_soon(now=timezone.now()).count()
        words = ngettext("record overdue", "records overdue", overdue)
        work.append(Waiting(overdue, words, f"{records}?state__exact=published&due=overdue"))
        words = ngettext("record due within 30 days", "records due within 30 days", soon)
        work.append(Waiting(soon, words, f"{records}?state__exact=published&due=soon"))
    drafts = reverse("admin:publishing_publishable_changelist") + "?state__exact=draft"
    unpublished = Publishable.objects.drafts().count()
    work.append(Waiting(unpublished, ngettext("draft to publish", "drafts to publish", unpublished), drafts))
    return work
