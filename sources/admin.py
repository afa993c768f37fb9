"""Sources, the places in them, and where language versions differ, in the admin."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from publishing.admin.reading import ReadOnlyAdmin
from publishing.admin.things import ListedInline, ShownInline, ThingAdmin, ThingForm
from publishing.refs import ref_from
from sources.actions import keep_text
from sources.models import Check, Divergence, Passage, Snapshot, Source


class SourceForm(ThingForm):
    text_now = forms.CharField(
        label=_("Text as it stands there now"),
        widget=AdminTextareaWidget,
        required=False,
        help_text=_("Pasted here, it is kept as a snapshot with the time, and evidence can rest on it."),
    )

    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        return f"src-{ref_from(values.get('title', ''))}".rstrip("-")


class PassageForm(ThingForm):
    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        return f"psg-{values['source'].ref.removeprefix('src-')}" if values.get("source") else ""


class DivergenceForm(ThingForm):
    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        return f"div-{values['subject'].ref}" if values.get("subject") else ""


class PassageInline(ListedInline):
    model = Passage
    fk_name = "source"
    fields = ["locator", "lang", "says", "state_badge"]
    ordering = ["ref"]

    @admin.display(description=_("what it says"))
    def says(self, passage: Passage) -> str:
        return Truncator(passage.gist).chars(120)


class CheckInline(ShownInline):
    model = Check
    fields = ["checked_at", "by", "http_status", "kept_text", "error"]
    ordering = ["-checked_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Check]:
        return super().get_queryset(request).select_related("by", "snapshot__source")

    @admin.display(description=_("kept text"))
    def kept_text(self, check: Check) -> SafeString | str:
        if check.snapshot is None:
            return "–"
        address = reverse("admin:sources_snapshot_change", args=[check.snapshot.pk])
        return format_html('<a href="{}">{}</a>', address, check.snapshot.hash[:12])


@admin.register(Source)
class SourceAdmin(ThingAdmin):
    form = SourceForm
    list_display = ["title", "publisher", "lang", "kind", "role", "published_on", "read_on", "state_badge"]
    list_filter = ["state", "kind", "role", "lang", "watch", "read_on"]
    search_fields = ["ref", "title", "publisher", "url", "note_en", "note_zh"]
    search_help_text = _("Searched: ref, title, publisher, address and note.")
    ordering = ["title", "ref"]
    ref_from = ""
    readonly_fields = ["state_badge", "open_it"]
    fieldsets = [
        (None, {"fields": ["url", "open_it", "title", "publisher", "ref", "state_badge"]}),
        (_("What it is"), {"fields": [("kind", "lang"), "role", ("published_on", "read_on"), "watch"]}),
        (_("What else a reader should know"), {"fields": [("note_en", "note_zh")]}),
        (_("Keep its text"), {"fields": ["text_now"]}),
    ]
    inlines = [PassageInline, CheckInline]

    def get_fieldsets(self, request: HttpRequest, obj: Source | None = None) -> Any:
        """Whoever may not change a source is not asked for its text, which is no column of it to be shown instead."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets[:-1] if self.only_translates(request) else fieldsets

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if text := form.cleaned_data.get("text_now"):
            keep_text(source=form.instance, text=text, by=cast(User, request.user), now=timezone.now())

    @admin.display(description=_("open it"))
    def open_it(self, source: Source) -> SafeString | str:
        if not source.url:
            return "–"
        return format_html('<a href="{0}" rel="noreferrer noopener" target="_blank">{0}</a>', source.url)


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    list_display = ["source", "taken_at", "hash"]
    list_filter = ["taken_at", "source__lang"]
    list_select_related = ["source"]
    search_fields = ["source__ref", "source__title", "source__url", "hash", "text"]
    search_help_text = _("Searched: source, hash and text.")
    ordering = ["-taken_at"]


@admin.register(Check)
class CheckAdmin(ReadOnlyAdmin):
    list_display = ["source", "checked_at", "by", "http_status", "snapshot", "error"]
    list_filter = ["checked_at", "http_status"]
    list_select_related = ["source", "by", "snapshot__source"]
    search_fields = ["source__ref", "source__title", "source__url", "error"]
    search_help_text = _("Searched: source and error.")
    ordering = ["-checked_at"]


@admin.register(Passage)
class PassageAdmin(ThingAdmin):
    form = PassageForm
    list_display = ["ref", "locator", "lang", "says", "source", "state_badge"]
    list_filter = ["state", "lang"]
    list_select_related = ["source"]
    search_fields = ["ref", "locator", "gist_en", "gist_zh", "source__ref", "source__title"]
    search_help_text = _("Searched: ref, place, what it says, and the source.")
    autocomplete_fields = ["source"]
    ref_from = ""
    fieldsets = [
        (None, {"fields": ["source", ("lang", "locator"), "ref", "state_badge"]}),
        (_("What it says, in our words"), {"fields": [("gist_en", "gist_zh")]}),
    ]

    @admin.display(description=_("what it says"))
    def says(self, passage: Passage) -> str:
        return Truncator(passage.gist).chars(120)


@admin.register(Divergence)
class DivergenceAdmin(ThingAdmin):
    form = DivergenceForm
    list_display = ["ref", "only_in", "difference", "state_badge"]
    list_filter = ["state", "only_in"]
    search_fields = ["ref", "summary_en", "summary_zh", "subject__ref", "passages__ref"]
    search_help_text = _("Searched: ref, summary, subject and passages.")
    autocomplete_fields = ["subject", "passages", "sources"]
    ref_from = ""
    fieldsets = [
        (None, {"fields": ["subject", "only_in", "ref", "state_badge"]}),
        (_("The difference, in our words"), {"fields": [("summary_en", "summary_zh")]}),
        (_("Where the texts can be compared"), {"fields": ["passages", "sources"]}),
    ]

    @admin.display(description=_("difference"))
    def difference(self, divergence: Divergence) -> str:
        return Truncator(divergence.summary).chars(120)
