"""Decisions in preparation and those that were approved; approving makes one public."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

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
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from publishing.admin.filters import DropdownFilter
from publishing.admin.naming import admin_url, badge, public_url
from publishing.admin.reading import ReadOnlyAdmin
from publishing.admin.things import staff_of
from publishing.errors import DomainError
from tracking.actions import (
    approve_decision,
    may_withdraw,
    needs_second_person,
    rebase_decision,
    return_decision,
    withdraw_decision,
)
from tracking.actions.errors import DecisionChanged
from tracking.admin.overtaking import compare
from tracking.admin.previewing import preview_of
from tracking.admin.showing import decide_url, status_badge
from tracking.models import Decision, DecisionState

POSITION = re.compile(r"\d{1,18}", re.ASCII)
Step = Callable[[HttpRequest, Decision], tuple[str, str]]


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
    readonly_fields = ["record_link", "shown_status", "cited", "settles", "change_link", "state_badge", "told"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "record_link",
                    "state_badge",
                    "prepared_by",
                    "prepared_at",
                    "changed_by",
                    "based_on",
                    "settles",
                ]
            },
        ),
        (
            _("What it says"),
            {"fields": ["shown_status", "effective_on", "kind", ("reason_en", "reason_zh"), "cited"]},
        ),
        (_("Correction"), {"fields": ["supersedes", ("was_wrong_en", "was_wrong_zh")]}),
        (_("Hearing whom it is about"), {"fields": ["publish_not_before", "told"]}),
        (_("Approval"), {"fields": ["approved_by", "approved_at", "change_link"]}),
    ]

    @admin.display(description=_("record"), ordering="record__ref")
    def record_name(self, decision: Decision) -> str:
        return Truncator(str(decision.record)).chars(90)

    @admin.display(description=_("record"))
    def record_link(self, decision: Decision) -> SafeString:
        return format_html('<a href="{}">{}</a>', admin_url(decision.record), decision.record)

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, decision: Decision) -> SafeString | str:
        return status_badge(decision.status) if decision.status else "–"

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, decision: Decision) -> SafeString:
        state = badge(f"decision-{decision.state}", decision.get_state_display())
        overtaken = badge("decision-overtaken", _("overtaken")) if getattr(decision, "overtaken", False) else ""
        return format_html("{} {}", state, overtaken)

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

    @admin.display(description=_("being told"))
    def told(self, decision: Decision) -> str:
        return f"{decision.told_on.isoformat()}: {decision.told_how}" if decision.told_on else "–"

    def get_fieldsets(self, request: HttpRequest, obj: Decision | None = None) -> Any:
        """What has a preview shows that instead of its words; only a correction has what was corrected."""
        general, decided, correction, hearing, approval = self.fieldsets
        if obj is None:
            return [general]
        said = [decided, *([correction] if obj.supersedes_id else [])]
        heard = [hearing] if obj.publish_not_before or obj.told_on else []
        if obj.waits:
            return [general, *heard] if obj.names_status else [general, *said, *heard]
        return [general, *said, *heard, *([approval] if obj.status_change_id else [])]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return Decision.objects.with_overtaken().select_related("record", "status_change").order_by(*self.ordering)

    def get_urls(self) -> list[URLPattern]:
        steps = [
            ("approve", self.approve_view),
            ("return", self.return_view),
            ("rebase", self.rebase_view),
            ("withdraw", self.withdraw_view),
        ]
        return [
            path(f"<int:object_id>/{step}/", self.admin_site.admin_view(view), name=f"tracking_decision_{step}")
            for step, view in steps
        ] + super().get_urls()

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
            waits = obj.waits
            may_approve = request.user.has_perm("tracking.approve_decision")
            context |= {
                "waits": waits,
                "submitted": obj.state == DecisionState.SUBMITTED,
                "preview": preview_of(obj) if waits else None,
                "may_approve": may_approve,
                "may_prepare": request.user.has_perm("tracking.add_decision"),
                "may_withdraw": waits and may_withdraw(obj, staff_of(request)),
                "second_person": may_approve and needs_second_person(obj, staff_of(request)),
                "too_early": obj.publish_not_before is not None and timezone.now() < obj.publish_not_before,
                "comparison": compare(obj, now=timezone.now()) if obj.overtaken else None,
                "responses": obj.record.responses.select_related("actor", "source").order_by("-stated_on", "ref"),
                "response_address": _response_address(obj),
                "public_address": public_url(obj.record, is_record=True) if obj.status_change_id else "",
                "decide_address": decide_url(obj.record_id, f"decision={obj.pk}" if waits else ""),
                "seen": _mark(obj),
            }
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)

    def approve_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Approve and publish; what stands in the way is said on the decision's page."""
        return self._take_step(request, object_id, "tracking.approve_decision", self._approve)

    def return_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Send it back to who prepared it, with the note that was typed."""
        return self._take_step(request, object_id, "tracking.approve_decision", self._return)

    def rebase_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Base it on what its page showed of the record as it stands now."""
        return self._take_step(request, object_id, "tracking.add_decision", self._rebase)

    def withdraw_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Close it without a status, with the reason that was typed; the action says who may."""
        return self._take_step(request, object_id, "tracking.view_decision", self._withdraw)

    def _take_step(self, request: HttpRequest, object_id: int, permission: str, step: Step) -> HttpResponse:
        """Do one step of a decision's life and go back to its page, which says what refused it and what was typed."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(permission):
            raise PermissionDenied
        decision = get_object_or_404(self.get_queryset(request), pk=object_id)
        try:
            if request.POST.get("seen", _mark(decision)) != _mark(decision):
                raise DecisionChanged()
            log, message = step(request, decision)
        except DomainError as refused:
            self.message_user(request, str(refused), messages.ERROR)
            if typed := (request.POST.get("note", "") + request.POST.get("why_withdrawn", "")).strip():
                self.message_user(request, gettext("You had typed: %(text)s") % {"text": typed}, messages.WARNING)
        else:
            self.log_change(request, decision, log)
            self.message_user(request, message, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:tracking_decision_change", args=[decision.pk]))

    def _approve(self, request: HttpRequest, decision: Decision) -> tuple[str, str]:
        approve_decision(decision=decision, by=staff_of(request), now=timezone.now())
        return gettext("Approved."), published_message(decision)

    def _return(self, request: HttpRequest, decision: Decision) -> tuple[str, str]:
        note = request.POST.get("note", "")
        return_decision(decision=decision, note=note, by=staff_of(request), now=timezone.now())
        return gettext("Returned."), gettext("The decision was returned to who prepared it, with your note.")

    def _rebase(self, request: HttpRequest, decision: Decision) -> tuple[str, str]:
        position = request.POST.get("position", "")
        rebase_decision(decision=decision, seen=int(position) if POSITION.fullmatch(position) else 0)
        said = gettext("The decision is based on what stands now; what it says is unchanged.")
        return gettext("Based on what stands now."), said

    def _withdraw(self, request: HttpRequest, decision: Decision) -> tuple[str, str]:
        reason = request.POST.get("why_withdrawn", "")
        withdraw_decision(decision=decision, reason=reason, by=staff_of(request), now=timezone.now())
        said = gettext("The decision was withdrawn. It stays in the list with your reason; its findings wait on.")
        return gettext("Withdrawn."), said


def _response_address(decision: Decision) -> str:
    """Return where to record what is said about a decision; the one who promised is chosen already."""
    chosen = {"record": decision.record_id, "actor": decision.record.actor_id}
    query = urlencode({name: key for name, key in chosen.items() if key})
    return f"{reverse('admin:tracking_response_add')}?{query}"


def _mark(decision: Decision) -> str:
    """Return what tells two states of what a decision says apart."""
    return decision.changed_at.isoformat() if decision.changed_at else ""


def published_message(decision: Decision) -> SafeString:
    """Say that a decision is public, with the way to see it."""
    return format_html(
        '{} <a href="{}">{}</a>',
        _("The decision is public now."),
        public_url(decision.record, is_record=True),
        _("See it in public"),
    )
