"""The page on which a status is decided: what is known, what is to be said, and what the public will see of it."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from publishing import ledger
from publishing.admin.naming import admin_url, public_url
from publishing.admin.things import SavedAtOnce, staff_of
from publishing.errors import DomainError
from tracking.actions import approve_decision, prepare_decision
from tracking.actions.errors import RecordMovedOn
from tracking.admin.decideform import DecideForm, LinkForm, LinkFormSet
from tracking.admin.decisions import published_message
from tracking.admin.previewing import Preview, preview_of
from tracking.admin.showing import due_in_full, is_overdue
from tracking.models import Decision, Record

# What each button of the page asks for.
PREVIEW, SUBMIT, APPROVE, DRAFT, ANOTHER_LINK = "_preview", "_submit", "_approve", "_draft", "_another"
BUTTONS = (APPROVE, SUBMIT, DRAFT, ANOTHER_LINK)
MOST_KEYS = 2**62


def decide_view(model_admin: admin.ModelAdmin, request: HttpRequest, object_id: int) -> HttpResponse:
    """Show the decide page, its preview, or do what it asks for. Whatever is refused is an error of the form."""
    if not request.user.has_perm("tracking.add_decision"):
        raise PermissionDenied
    record = get_object_or_404(Record.objects.select_related("actor"), pk=object_id)
    if request.method == "POST":
        return _Page(model_admin, request, record).answer_to_post()
    return _Page(model_admin, request, record).shown()


class _Page:
    """One answer of the decide page."""

    def __init__(self, model_admin: admin.ModelAdmin, request: HttpRequest, record: Record) -> None:
        self.model_admin = model_admin
        self.request = request
        self.record = record
        self.user: User = staff_of(request)
        self.decision = self._asked_for()
        self.now = timezone.now()
        self.preview: Preview | None = None
        self.digest = ""
        data = request.POST.copy() if request.method == "POST" else None
        if data is not None and ANOTHER_LINK in data:
            data["link-TOTAL_FORMS"] = str(_whole_number(data.get("link-TOTAL_FORMS"), most=9) + 1)
        self._bind(data)

    def _asked_for(self) -> Decision | None:
        """Return the decision in preparation that the address asks for."""
        key = self.request.GET.get("decision")
        if key is None:
            return None
        return get_object_or_404(self.record.decisions.open(), pk=_whole_number(key, most=MOST_KEYS))

    def _bind(self, data: QueryDict | None) -> None:
        self.form = DecideForm(
            data,
            record=self.record,
            today=self.now.date(),
            asked=self.request.GET,
            decision=self.decision,
            draft=data is not None and DRAFT in data,
        )
        self.links = LinkFormSet(data, prefix="link")

    @property
    def may_approve(self) -> bool:
        """Whether who fills in the page may approve it as well: not where that takes two people."""
        return self.user.has_perm("tracking.approve_decision") and not settings.TWO_PERSON_RULE

    def answer_to_post(self) -> HttpResponse:
        asked = next(
            (button for button in (APPROVE, SUBMIT, DRAFT, ANOTHER_LINK) if button in self.request.POST), PREVIEW
        )
        if asked == ANOTHER_LINK:
            return self.shown(checked=False)
        if asked == APPROVE and not self.user.has_perm("tracking.approve_decision"):
            raise PermissionDenied
        # Both are asked, so that all errors show at once.
        if not all([self.form.is_valid(), self.links.is_valid()]):
            return self.shown()
        self.digest = self._digest()
        if asked in (SUBMIT, APPROVE) and self.request.POST.get("previewed") != self.digest:
            messages.warning(self.request, _("This is not what you saw in the preview. Look at the new one first."))
            asked = PREVIEW
        try:
            decision = self._write_after_others(asked)
        except RecordMovedOn as moved:
            return self._start_from_now(moved)
        except DomainError as refused:
            self.form.add_error(None, str(refused))
            return self.shown()
        except IntegrityError:
            self.form.add_error(None, str(SavedAtOnce()))
            return self.shown()
        return self.shown() if asked == PREVIEW else self._done(decision, asked)

    def _write_after_others(self, asked: str) -> Decision:
        """Make the decision; when others saved at the same moment (a doubled press, say), on what they saved."""
        try:
            return self._write(asked)
        except IntegrityError:
            return self._write(asked)

    def _write(self, asked: str) -> Decision:
        """Make the decision, and roll all of it back again when only its preview is asked for."""
        given = self.form.cleaned_data
        with transaction.atomic():
            added = [
                link.write_evidence(record=self.record, by=self.user, today=self.now.date())
                for link in self._filled_links()
            ]
            decision = prepare_decision(
                decision=self.decision,
                draft=asked == DRAFT,
                record=self.record,
                status=given["status"],
                effective_on=given["effective_on"],
                evidence=[*given["evidence"], *added],
                by=self.user,
                now=self.now,
                reason_en=given["reason_en"],
                reason_zh=given["reason_zh"],
                kind=given["kind"],
                supersedes=given["supersedes"],
                was_wrong_en=given["was_wrong_en"],
                was_wrong_zh=given["was_wrong_zh"],
                findings=given["findings"],
                based_on=given["based_on"],
                publish_not_before=given["publish_not_before"],
                told_on=given["told_on"],
                told_how=given["told_how"],
            )
            if asked == PREVIEW:
                self.preview = preview_of(decision)
                transaction.set_rollback(True)
            if asked == APPROVE:
                approve_decision(decision=decision, by=self.user, now=self.now)
        return decision

    def _filled_links(self) -> list[LinkForm]:
        return [link for link in self.links if link.has_changed()]

    def _start_from_now(self, moved: RecordMovedOn) -> HttpResponse:
        """Show the record as it is now beside what was typed; from here on it is decided on that."""
        data = self.request.POST.copy()
        data["based_on"] = str(ledger.head().seq)
        self.record.refresh_from_db()
        self._bind(data)
        self.form.is_valid()
        self.form.add_error(None, str(moved))
        return self.shown()

    def _digest(self) -> str:
        said = {name: value for name, value in self.form.cleaned_data.items() if name != "based_on"}
        links = [link.cleaned_data for link in self._filled_links()]
        text = json.dumps([said, links], cls=_Encoder, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _done(self, decision: Decision, asked: str) -> HttpResponse:
        if asked == APPROVE:
            messages.success(self.request, published_message(decision))
            self.model_admin.log_change(self.request, self.record, str(_("Decided on its status.")))
            return HttpResponseRedirect(admin_url(self.record))
        said = (
            _("The draft is saved. Submit it when it is complete.")
            if asked == DRAFT
            else _("The decision is submitted. Somebody who may approve decisions makes it public.")
        )
        messages.success(self.request, said)
        self.model_admin.log_change(self.request, decision, str(_("Prepared.")))
        return HttpResponseRedirect(reverse("admin:tracking_decision_change", args=[decision.pk]))

    def shown(self, *, checked: bool = True) -> HttpResponse:
        """Return the page; `checked` is False when what was typed has not been looked at yet."""
        record = self.record
        changes = record.status_changes.filter(seq__isnull=False).order_by("-seq").prefetch_related("evidence__source")
        context: dict[str, Any] = {
            **self.model_admin.admin_site.each_context(self.request),
            "title": _("Decide on the status"),
            "subtitle": str(record),
            "opts": record._meta,
            "record": record,
            "record_address": admin_url(record),
            "public_address": public_url(record, is_record=True) if record.is_public else "",
            "overdue": is_overdue(record),
            "due": due_in_full(record),
            "form": self.form,
            "links": self.links,
            "checked": checked and self.form.is_bound,
            "changes": changes.select_related("supersedes", "superseded_by"),
            "responses": record.responses.select_related("actor", "source").order_by("-stated_on", "ref"),
            "decision": self.decision,
            "waiting": record.decisions.open()
            .exclude(pk=self.decision.pk if self.decision else 0)
            .order_by("-prepared_at"),
            "preview": self.preview,
            "digest": self.digest if self.preview else "",
            "may_approve": self.may_approve,
            "needs_second_person": self.user.has_perm("tracking.approve_decision") and settings.TWO_PERSON_RULE,
            "media": self.form.media,
        }
        return TemplateResponse(self.request, "admin/tracking/decide.html", context)


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        if isinstance(o, models.Model):
            return o.pk
        return sorted(row.pk for row in o) if isinstance(o, models.QuerySet) else super().default(o)


def _whole_number(text: str | None, *, most: int) -> int:
    return min(int(text), most) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0
