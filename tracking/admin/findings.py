"""The queue: what jobs and people noticed, until somebody decides on it or dismisses it.

What asks for a status comes first, the oldest first; what asks for the records to be kept in order comes after it, so
that a tracker that begins with many records is not met by their old events.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from publishing.admin.filters import DropdownFilter
from publishing.admin.naming import admin_url, badge
from publishing.admin.reading import ReadOnlyAdmin
from publishing.admin.things import staff_of
from publishing.errors import DomainError
from publishing.resource import registry
from tracking.actions import claim_finding, dismiss_finding
from tracking.admin.showing import decide_link, due_in_full, status_badge, status_in_full, what_was_seen
from tracking.models import OPEN_STATES, TRACKED_RESOURCES, Finding, FindingKind, FindingState

KINDS_FOR_LATER = (
    FindingKind.EVENT_PASSED,
    FindingKind.NOT_REVIEWED,
    FindingKind.TRANSLATION_OLD,
    FindingKind.SOURCE_UNCITED,
)
# What findings about a deadline saw and the list shows in other columns.
SHOWN_BESIDE = ("due_on", "status", "title_en", "title_zh")
ABOUT_DEADLINES = (FindingKind.DEADLINE_PASSED, FindingKind.DUE_SOON)


class QueueFilter(admin.SimpleListFilter):
    """What waits comes first; what was closed or has lapsed is kept behind the other choices."""

    title = _("state")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("all", _("All")), *FindingState.choices]

    def choices(self, changelist: Any) -> Any:
        waiting, *others = super().choices(changelist)
        return [waiting | {"display": _("waiting")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in FindingState.values:
            return queryset.filter(state=self.value())
        return queryset if self.value() == "all" else queryset.filter(state__in=OPEN_STATES)


class RecordResourceFilter(admin.SimpleListFilter):
    title = _("kind of record")
    parameter_name = "resource"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [(name, registry[name].model._meta.verbose_name_plural) for name in TRACKED_RESOURCES]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(record__resource=self.value()) if self.value() else queryset


class DismissForm(forms.Form):
    reason = forms.CharField(
        label=_("Why are they dismissed?"), widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})
    )


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    list_display = ["age", "decide", "kind", "subject_link", "standing", "seen", "state_and_holder"]
    list_display_links = ["age"]
    list_filter = [QueueFilter, "kind", RecordResourceFilter, ("claimed_by", DropdownFilter)]
    list_select_related = ["record", "about", "claimed_by"]
    search_fields = [
        "record__ref",
        "record__title_en",
        "record__title_zh",
        "about__ref",
        "fingerprint",
        "dismissed_because",
    ]
    search_help_text = _("Searched: ref and title of what it is about, the fingerprint, and the reason of a dismissal.")
    ordering = [Case(When(kind__in=KINDS_FOR_LATER, then=Value(1)), default=Value(0)), "found_at", "pk"]
    show_facets = admin.ShowFacets.ALWAYS
    actions = ["claim", "dismiss"]
    fieldsets = [
        (None, {"fields": ["subject_link", "present_status", "due", "kind", "seen_in_full", "suggestion", "found_at"]}),
        (_("State"), {"fields": ["state", "claimed_by", "decide"]}),
        (_("How it was closed"), {"fields": ["closed_at", "closed_by", "dismissed_because"]}),
    ]

    @admin.display(description=_("found"), ordering="found_at")
    def age(self, finding: Finding) -> str:
        return _("%(time)s ago") % {"time": timesince(finding.found_at, depth=1)}

    @admin.display(description=_("about"), ordering="record__ref")
    def subject_link(self, finding: Finding) -> SafeString:
        subject = finding.subject
        kind = registry[subject.resource].verbose_name
        name = Truncator(str(subject)).chars(90)
        return format_html('{}: <a href="{}">{}</a><br>{}', kind, admin_url(subject), name, subject.ref)

    @admin.display(description=_("status and due day"), ordering="record__due_on")
    def standing(self, finding: Finding) -> SafeString | str:
        if finding.record is None:
            return "–"
        return format_html("{}<br>{}", status_badge(finding.record.status), due_in_full(finding.record))

    @admin.display(description=_("present status"))
    def present_status(self, finding: Finding) -> SafeString | str:
        return status_in_full(finding.record.status, finding.record.status_since) if finding.record else "–"

    @admin.display(description=_("due on"), ordering="record__due_on")
    def due(self, finding: Finding) -> SafeString | str:
        return due_in_full(finding.record) if finding.record else "–"

    @admin.display(description=_("what was seen"))
    def seen_in_full(self, finding: Finding) -> SafeString | str:
        return what_was_seen(finding)

    @admin.display(description=_("what was seen"))
    def seen(self, finding: Finding) -> SafeString | str:
        """Show what no other column of the list shows."""
        return what_was_seen(finding, but=SHOWN_BESIDE if finding.kind in ABOUT_DEADLINES else ())

    @admin.display(description=_("suggested status"))
    def suggestion(self, finding: Finding) -> SafeString | str:
        return status_badge(finding.suggested_status) if finding.suggested_status else "–"

    @admin.display(description=_("state"), ordering="state")
    def state_and_holder(self, finding: Finding) -> SafeString:
        holder = finding.claimed_by or ""
        return format_html("{} {}", badge(f"finding-{finding.state}", finding.get_state_display()), holder)

    @admin.display(description=_("decision"))
    def decide(self, finding: Finding) -> SafeString | str:
        if finding.record_id is None or not finding.is_open:
            return "–"
        return decide_link(finding.record_id, f"finding={finding.pk}")

    def has_handle_permission(self, request: HttpRequest) -> bool:
        """Who may change findings may claim and dismiss them; their texts are nobody's to edit."""
        return request.user.has_perm("tracking.change_finding")

    @admin.action(description=_("Claim: I am looking into them"), permissions=["handle"])
    def claim(self, request: HttpRequest, queryset: QuerySet) -> None:
        claimed = 0
        for finding in queryset:
            try:
                claim_finding(finding=finding, by=staff_of(request))
                claimed += 1
            except DomainError as refused:
                self.message_user(request, f"{finding}: {refused}", messages.WARNING)
        self.message_user(
            request,
            ngettext("One finding is yours now.", "%(count)d findings are yours now.", claimed) % {"count": claimed},
        )

    @admin.action(description=_("Dismiss, with a reason"), permissions=["handle"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Ask for the reason on a page of its own, then dismiss."""
        form = DismissForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "title": _("Dismiss findings"),
                "opts": self.opts,
                "findings": queryset,
                "form": form,
                "checkbox_name": ACTION_CHECKBOX_NAME,
                "media": self.media,
            }
            return TemplateResponse(request, "admin/tracking/dismiss.html", context)
        dismissed = 0
        for finding in queryset:
            try:
                dismiss_finding(
                    finding=finding, reason=form.cleaned_data["reason"], by=staff_of(request), now=timezone.now()
                )
                dismissed += 1
            except DomainError as refused:
                self.message_user(request, f"{finding}: {refused}", messages.WARNING)
        self.message_user(
            request,
            ngettext("One finding was dismissed.", "%(count)d findings were dismissed.", dismissed)
            % {"count": dismissed},
        )
        return None
