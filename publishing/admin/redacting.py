"""The pages of redactions: prepared from the page of a thing, looked at text by text, done."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from publishing.admin.naming import admin_url, badge, label_of
from publishing.admin.pending import may_publish, staff_of
from publishing.admin.reading import Act, ReadOnlyAdmin, WaitingAdmin
from publishing.errors import DomainError
from publishing.models import PendingRedaction, PublicationState, Publishable, Redaction, RedactionState
from publishing.redacting import (
    columns_of,
    concerned,
    discard_redaction,
    needs_second_person,
    prepare_redaction,
    redact,
)
from publishing.resource import registry


class RedactForm(forms.ModelForm):
    """Which texts of a thing must not stay public, and why."""

    fields_ = forms.MultipleChoiceField(label=_("Texts"), widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = PendingRedaction
        fields = ["also_present", "note_en", "note_zh"]
        help_texts = {
            "also_present": _("Untick it when the text was mended already: what stands now is then left alone."),
        }

    def __init__(self, data: Any, *, thing: Publishable) -> None:
        super().__init__(data, initial={"also_present": True})
        self.order_fields(["fields_"])
        held = {key for body in thing.documents.values_list("body", flat=True) for key, text in body.items() if text}
        choice: Any = self.fields["fields_"]
        choice.choices = [(key, key) for key in columns_of(registry[thing.resource]) if key in held]


class Redacts(admin.ModelAdmin):
    """Mixed into the admin of things: the page on which a redaction of one is prepared."""

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_redact"
        view = self.admin_site.admin_view(self.redact_view)
        return [path("<int:object_id>/redact/", view, name=name), *super().get_urls()]

    def may_prepare_redaction(self, request: HttpRequest, thing: Publishable) -> bool:
        """Whether somebody may say that a text must go: who may change such things, and who may publish."""
        change = f"{self.opts.app_label}.{get_permission_codename('change', self.opts)}"
        return (may_publish(request) or request.user.has_perm(change)) and thing.state != PublicationState.DRAFT

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None and self.may_prepare_redaction(request, obj):
            name = f"{self.opts.app_label}_{self.opts.model_name}_redact"
            context["redact_address"] = reverse(f"admin:{name}", args=[obj.pk])
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)

    def redact_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask which texts; the redaction then waits on a page of its own."""
        thing = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.may_prepare_redaction(request, thing):
            raise PermissionDenied
        form = RedactForm(request.POST if request.method == "POST" else None, thing=thing)
        if form.is_valid():
            given = form.cleaned_data
            fields = given.pop("fields_")
            try:
                redaction = prepare_redaction(
                    thing=thing, fields=fields, by=staff_of(request), now=timezone.now(), **given
                )
            except DomainError as refused:
                form.add_error(None, str(refused))
            else:
                return HttpResponseRedirect(reverse("admin:publishing_pendingredaction_change", args=[redaction.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Redact"),
            "subtitle": str(thing),
            "opts": self.opts,
            "original": thing,
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/publishing/redact.html", context)


@admin.register(PendingRedaction)
class PendingRedactionAdmin(WaitingAdmin):
    acts: ClassVar[dict[str, tuple[Act, Promise]]] = {
        "do": (
            lambda redaction, by, now: redact(redaction=redaction, by=by, now=now),
            _("Redacted. The texts are gone from all versions, and the ledger says so."),
        ),
        "discard": (
            lambda redaction, by, now: discard_redaction(redaction=redaction, by=by, now=now),
            _("The redaction is discarded; nothing has changed in public."),
        ),
    }
    list_display = ["name", "kind", "prepared_by", "prepared_at", "state_badge", "closed_by"]
    list_filter = ["state", "prepared_at"]
    list_select_related = ["thing", "prepared_by", "closed_by"]
    search_fields = ["thing__ref"]
    ordering = ["-prepared_at", "-pk"]
    change_form_template = "admin/publishing/redaction.html"
    fields = [
        "name",
        "state_badge",
        "also_present",
        "note_en",
        "note_zh",
        "prepared_by",
        "prepared_at",
        "closed_by",
        "closed_at",
    ]
    readonly_fields = ["name", "state_badge"]

    @admin.display(description=_("public thing"), ordering="thing__ref")
    def name(self, redaction: PendingRedaction) -> str:
        return label_of(redaction.thing)

    @admin.display(description=_("kind"), ordering="thing__resource")
    def kind(self, redaction: PendingRedaction) -> str:
        return str(registry[redaction.thing.resource].verbose_name)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, redaction: PendingRedaction) -> SafeString:
        return badge(f"redaction-{redaction.state}", redaction.get_state_display())

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        waits = obj.state == RedactionState.WAITING
        own = needs_second_person(redaction=obj, by=staff_of(request))
        may = may_publish(request)
        documents = concerned(obj) if waits else {}
        context |= {
            "waits": waits,
            "needs_another": waits and may and own,
            "may_do": waits and may and not own and documents,
            "may_discard": waits and (may or obj.prepared_by_id == request.user.pk),
            "taken": [
                {"seq": document.pk, "stands": document.until_seq is None, "field": key, "text": document.body[key]}
                for document, taken in documents.items()
                for key in taken
            ],
            "thing_address": admin_url(obj.thing),
        }
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)


@admin.register(Redaction)
class RedactionAdmin(ReadOnlyAdmin):
    list_display = ["entry_id", "thing"]
    list_select_related = ["thing"]
    search_fields = ["thing__ref"]
    ordering = ["-pk"]
    fields = ["entry_id", "thing", "body"]
    readonly_fields = ["entry_id", "thing", "body"]
