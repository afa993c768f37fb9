"""Published status changes and the spans that follow from them: to be read only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from publishing.admin.naming import ShowsState, admin_url
from publishing.admin.reading import ReadOnlyAdmin
from publishing.admin.redacting import Redacts
from tracking.admin.showing import status_badge
from tracking.models import StatusChange, StatusSpan


@admin.register(StatusChange)
class StatusChangeAdmin(ShowsState, Redacts, ReadOnlyAdmin):
    change_form_template = "admin/publishing/redactable.html"
    list_display = ["record", "shown_status", "effective_on", "kind", "why", "seq", "state_badge"]
    list_filter = ["kind", "status", "effective_on", "state", "record__resource"]
    list_select_related = ["record"]
    search_fields = ["ref", "reason_en", "reason_zh", "record__ref", "record__title_en", "record__title_zh"]
    search_help_text = _("Searched: ref, reason and record, in English and Chinese.")
    ordering = ["-seq", "-pk"]
    fieldsets = [
        (None, {"fields": ["record", "shown_status", "effective_on", "kind", "ref", "state_badge"]}),
        (_("Reason"), {"fields": [("reason_en", "reason_zh")]}),
        (_("Evidence that it stands on"), {"fields": ["cited"]}),
        (_("Correction"), {"fields": ["supersedes", ("was_wrong_en", "was_wrong_zh")]}),
        (_("Ledger"), {"fields": ["seq", "first_version"]}),
    ]
    readonly_fields = ["shown_status", "state_badge", "cited", "seq", "first_version"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("evidence")

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, change: StatusChange) -> SafeString:
        return status_badge(change.status)

    @admin.display(description=_("reason"))
    def why(self, change: StatusChange) -> str:
        return Truncator(change.reason).chars(100)

    @admin.display(description=_("evidence"))
    def cited(self, change: StatusChange) -> SafeString:
        rows = ((admin_url(item), str(item)) for item in change.evidence.all())
        return format_html_join(SafeString("<br>"), '<a href="{}">{}</a>', rows)


@admin.register(StatusSpan)
class StatusSpanAdmin(ReadOnlyAdmin):
    list_display = ["record", "shown_status", "valid", "known"]
    list_filter = ["status"]
    list_select_related = ["record"]
    search_fields = ["record__ref", "record__title_en", "record__title_zh"]
    search_help_text = _("Searched: ref and title of the record.")
    ordering = ["-pk"]

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, span: StatusSpan) -> SafeString:
        return status_badge(span.status)
