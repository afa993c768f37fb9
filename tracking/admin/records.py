"""Records of all kinds in one list, and what the admins of the three kinds have in common."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from publishing.admin.naming import ShowsState, admin_url, badge
from publishing.admin.reading import ReadOnlyAdmin
from publishing.admin.things import ShownInline, StackedThingInline, ThingAdmin
from publishing.resource import registry
from tracking.admin.deciding import decide_view
from tracking.admin.evidence import EvidenceChildForm, EvidenceFormSet, ResponseChildForm
from tracking.admin.showing import (
    decide_link,
    decide_url,
    due_in_full,
    status_badge,
    status_in_full,
    what_was_seen,
)
from tracking.models import TRACKED_RESOURCES, Evidence, Finding, Record, Response, StatusChange
from tracking.statuses import STATUSES, statuses_of


class StatusFilter(admin.SimpleListFilter):
    """The statuses that the records of this list can have."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        collection = getattr(model_admin.model, "collection", "")
        possible = statuses_of(collection) if collection in TRACKED_RESOURCES else STATUSES.values()
        return [(status.code, status.label) for status in possible]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(status=self.value()) if self.value() else queryset


class DueFilter(admin.SimpleListFilter):
    """What asks for a decision because of its day."""

    title = _("deadline")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("overdue", _("overdue")), ("soon", _("due within 30 days"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() == "overdue":
            return queryset.overdue(now=timezone.now())
        return queryset.due_soon(now=timezone.now()) if self.value() == "soon" else queryset


class RecordKindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "resource"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [(name, registry[name].model._meta.verbose_name_plural) for name in TRACKED_RESOURCES]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(resource=self.value()) if self.value() else queryset


class ShowsStatus(ShowsState):
    """Mixed into admins of records: columns for status, due day and the way to the decide page."""

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, record: Record) -> SafeString:
        return status_badge(record.status)

    @admin.display(description=_("due on"), ordering="due_on")
    def due(self, record: Record) -> SafeString | str:
        return due_in_full(record)

    @admin.display(description=_("present status"))
    def present_status(self, record: Record) -> SafeString:
        return status_in_full(record.status, record.status_since)

    @admin.display(description=_("contested"))
    def is_contested(self, record: Record) -> SafeString | str:
        return badge("status-amber", _("a public response disputes it")) if record.contested else "–"

    @admin.display(description=_("decision"))
    def decide(self, record: Record) -> SafeString:
        return decide_link(record.pk)


@admin.register(Record)
class RecordAdmin(ShowsStatus, ReadOnlyAdmin):
    """Everything that has a status; a row leads to the page of its own kind. The decide page belongs here."""

    list_display = ["title", "kind", "actor", "shown_status", "due", "state_badge", "decide"]
    list_filter = ["state", RecordKindFilter, StatusFilter, DueFilter, "contested"]
    list_select_related = ["actor"]
    search_fields = ["ref", "title_en", "title_zh", "actor__name_en", "actor__name_zh"]
    search_help_text = _("Searched: ref, title and actor, in English and Chinese.")
    ordering = ["ref"]

    @admin.display(description=_("title"), ordering="title_en")
    def title(self, record: Record) -> str:
        return Truncator(str(record)).chars(100)

    @admin.display(description=_("kind"), ordering="resource")
    def kind(self, record: Record) -> str:
        return str(registry[record.resource].verbose_name)

    def get_urls(self) -> list[URLPattern]:
        def decide(request: HttpRequest, object_id: int) -> HttpResponse:
            return decide_view(self, request, object_id)

        wrapped = self.admin_site.admin_view(decide)
        return [path("<int:object_id>/decide/", wrapped, name="tracking_record_decide"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = get_object_or_404(Record, pk=object_id if object_id.isascii() and object_id.isdigit() else None)
        return HttpResponseRedirect(admin_url(record))


class EvidenceInline(StackedThingInline):
    model = Evidence
    form = EvidenceChildForm
    formset = EvidenceFormSet
    fk_name = "record"
    fields = [("source", "stance", "observed_on"), ("shows_en", "shows_zh"), ("state_badge", "publish_with_it")]
    autocomplete_fields = ["source"]
    ordering = ["-observed_on", "ref"]


class ResponseInline(StackedThingInline):
    model = Response
    form = ResponseChildForm
    fk_name = "record"
    fields = [
        ("actor", "stated_on", "source"),
        ("gist_en", "gist_zh"),
        ("word_for_word", "disputes"),
        ("state_badge", "publish_with_it"),
    ]
    autocomplete_fields = ["actor", "source"]
    ordering = ["-stated_on", "ref"]


class StatusChangeInline(ShownInline):
    model = StatusChange
    fk_name = "record"
    verbose_name_plural = _("history of its status")
    fields = ["shown_status", "effective_on", "kind", "why", "cited", "seq"]
    ordering = ["-seq"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("evidence")

    @admin.display(description=_("status"))
    def shown_status(self, change: StatusChange) -> SafeString:
        return status_badge(change.status)

    @admin.display(description=_("reason"))
    def why(self, change: StatusChange) -> str:
        return change.reason

    @admin.display(description=_("evidence"))
    def cited(self, change: StatusChange) -> SafeString:
        rows = ((admin_url(item), item.ref) for item in change.evidence.all())
        return format_html_join(SafeString("<br>"), '<a href="{}">{}</a>', rows)


class OpenFindingInline(ShownInline):
    model = Finding
    fk_name = "record"
    verbose_name_plural = _("open findings")
    fields = ["kind", "seen_in_full", "found_at", "state", "claimed_by", "decide"]
    ordering = ["found_at", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(pk__in=Finding.objects.open()).select_related("claimed_by")

    @admin.display(description=_("what was seen"))
    def seen_in_full(self, finding: Finding) -> SafeString | str:
        return what_was_seen(finding)

    @admin.display(description=_("decision"))
    def decide(self, finding: Finding) -> SafeString:
        return decide_link(finding.subject.pk, f"finding={finding.pk}")


class TrackedAdmin(ShowsStatus, ThingAdmin):
    """The base for pledges, mechanisms and proposals. Their status is shown here and decided on elsewhere."""

    is_record = True
    readonly_fields = ["state_badge", "present_status", "due", "is_contested"]
    inlines = [OpenFindingInline, EvidenceInline, ResponseInline, StatusChangeInline]

    def links(self, request: HttpRequest, thing: Record) -> list[tuple[str, Any]]:
        links = super().links(request, thing)
        if request.user.has_perm("tracking.add_decision"):
            links.append((decide_url(thing.pk), _("Decide on its status")))
        return links
