"""Decisions in preparation and those that were approved; approving makes one public."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from publishing.admin.filters import DropdownFilter
from publishing.admin.naming import admin_url, badge, public_url
from publishing.admin.reading import ReadOnlyAdmin
from publishing.admin.things import staff_of
from publishing.errors import DomainError
from tracking.actions import approve_decision
from tracking.admin.previewing import preview_of
from tracking.admin.showing import decide_url, status_badge
from tracking.models import Decision, DecisionState


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = [
        "record_name",
        "shown_status",
        "effective_on",
        "kind",
        "state_badge",
        "prepared_by",
        "prepared_at",
        "approved_by",
    ]
    list_filter = ["state", "kind", "status", ("prepared_by", DropdownFilter), "prepared_at"]
    list_select_related = ["record", "prepared_by", "approved_by"]
    search_fields = ["record__ref", "record__title_en", "record__title_zh", "reason_en", "reason_zh"]
    search_help_text = _("Searched: the record’s ref and title, and the reason.")
    ordering = ["-prepared_at", "-pk"]
    change_form_template = "admin/tracking/decision.html"
    readonly_fields = ["record_link", "shown_status", "cited", "settles", "change_link", "state_badge"]
    fieldsets = [
        (None, {"fields": ["record_link", "state_badge", "prepared_by", "prepared_at", "based_on", "settles"]}),
        (
            _("What was decided"),
            {"fields": ["shown_status", "effective_on", "kind", ("reason_en", "reason_zh"), "cited"]},
        ),
        (_("Correction"), {"fields": ["supersedes", ("was_wrong_en", "was_wrong_zh")]}),
        (_("Approval"), {"fields": ["approved_by", "approved_at", "change_link"]}),
    ]

    @admin.display(description=_("record"), ordering="record__ref")
    def record_name(self, decision: Decision) -> str:
        return Truncator(str(decision.record)).chars(90)

    @admin.display(description=_("record"))
    def record_link(self, decision: Decision) -> SafeString:
        return format_html('<a href="{}">{}</a>', admin_url(decision.record), decision.record)

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, decision: Decision) -> SafeString:
        return status_badge(decision.status)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, decision: Decision) -> SafeString:
        return badge(f"decision-{decision.state}", decision.get_state_display())

    @admin.display(description=_("evidence"))
    def cited(self, decision: Decision) -> SafeString:
        rows = ((admin_url(item), str(item)) for item in decision.evidence.order_by("-observed_on", "ref"))
        return format_html_join(SafeString("<br>"), '<a href="{}">{}</a>', rows)

    @admin.display(description=_("settles"))
    def settles(self, decision: Decision) -> str:
        return ", ".join(finding.get_kind_display() for finding in decision.findings.all()) or "–"

    @admin.display(description=_("status change"))
    def change_link(self, decision: Decision) -> SafeString | str:
        if decision.status_change_id is None:
            return "–"
        address = reverse("admin:tracking_statuschange_change", args=[decision.status_change_id])
        return format_html('<a href="{}">{}</a>', address, decision.status_change)

    def get_fieldsets(self, request: HttpRequest, obj: Decision | None = None) -> Any:
        """What waits shows its preview instead of what was decided; only a correction has what was corrected."""
        general, decided, correction, approval = self.fieldsets
        if obj is None or obj.state != DecisionState.APPROVED:
            return [general]
        return [general, decided, *([correction] if obj.supersedes_id else []), approval]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("record", "status_change")

    def get_urls(self) -> list[URLPattern]:
        wrapped = self.admin_site.admin_view(self.approve_view)
        return [path("<int:object_id>/approve/", wrapped, name="tracking_decision_approve"), *super().get_urls()]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            waits = obj.state != DecisionState.APPROVED
            context |= {
                "waits": waits,
                "preview": preview_of(obj) if waits else None,
                "may_approve": request.user.has_perm("tracking.approve_decision"),
                "decide_address": decide_url(obj.record_id),
            }
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)

    def approve_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Approve and publish; what stands in the way is said on the decision's page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm("tracking.approve_decision"):
            raise PermissionDenied
        decision = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            approve_decision(decision=decision, by=staff_of(request), now=timezone.now())
        except DomainError as refused:
            self.message_user(request, str(refused), messages.ERROR)
        else:
            self.log_change(request, decision, str(_("Approved.")))
            self.message_user(request, published_message(decision), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:tracking_decision_change", args=[decision.pk]))


def published_message(decision: Decision) -> SafeString:
    """Say that a decision is public, with the way to see it."""
    return format_html(
        '{} <a href="{}">{}</a>',
        _("The decision is public now."),
        public_url(decision.record, is_record=True),
        _("See it in public"),
    )
