"""Evidence and responses in the admin."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from publishing.admin.filters import DropdownFilter
from publishing.admin.things import ChildForm, ChildFormSet, ThingAdmin, ThingForm
from publishing.models import Publishable
from tracking.actions import delete_draft_evidence
from tracking.models import Decision, Evidence, Response


def evidence_ref(values: Mapping[str, Any]) -> str:
    """Return the ref that is wanted for evidence about a record."""
    return f"evd-{values['record'].ref}" if values.get("record") else ""


def response_ref(values: Mapping[str, Any]) -> str:
    """Return the ref that is wanted for an actor's response about a record."""
    if not values.get("record") or not values.get("actor"):
        return ""
    return f"rsp-{values['record'].ref}-{values['actor'].ref}"


class EvidenceForm(ThingForm):
    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        return evidence_ref(values)


class EvidenceChildForm(ChildForm):
    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        return evidence_ref(values)


class EvidenceFormSet(ChildFormSet):
    def may_be_deleted(self, thing: Publishable) -> bool:
        return super().may_be_deleted(thing) and not Decision.objects.filter(evidence=thing.pk).exists()

    def delete_existing(self, obj: Evidence, commit: bool = True) -> None:
        if commit:
            delete_draft_evidence(evidence=obj)


class ResponseForm(ThingForm):
    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        return response_ref(values)


class ResponseChildForm(ChildForm):
    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        return response_ref(values)


@admin.register(Evidence)
class EvidenceAdmin(ThingAdmin):
    form = EvidenceForm
    list_display = ["what", "record", "source", "stance", "observed_on", "state_badge"]
    list_filter = ["state", "stance", "record__resource", "source__role"]
    list_select_related = ["record", "source"]
    search_fields = [
        "ref",
        "shows_en",
        "shows_zh",
        "record__ref",
        "record__title_en",
        "record__title_zh",
        "source__title",
        "source__url",
    ]
    search_help_text = _("Searched: ref, what it shows, record and source.")
    autocomplete_fields = ["record", "source", "snapshot"]
    ref_from = ""
    fieldsets = [
        (None, {"fields": ["record", "source", "snapshot", ("stance", "observed_on"), "ref", "state_badge"]}),
        (_("What it shows, in our words"), {"fields": [("shows_en", "shows_zh")]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not obj.decisions.exists())

    def delete_model(self, request: HttpRequest, obj: Evidence) -> None:
        delete_draft_evidence(evidence=obj)

    @admin.display(description=_("what it shows"))
    def what(self, evidence: Evidence) -> str:
        return Truncator(str(evidence)).chars(100)


@admin.register(Response)
class ResponseAdmin(ThingAdmin):
    form = ResponseForm
    list_display = ["what", "actor", "record", "stated_on", "disputes", "word_for_word", "state_badge"]
    list_filter = ["state", "disputes", "word_for_word", ("actor", DropdownFilter)]
    list_select_related = ["record", "actor"]
    search_fields = [
        "ref",
        "gist_en",
        "gist_zh",
        "record__ref",
        "record__title_en",
        "record__title_zh",
        "actor__name_en",
        "actor__name_zh",
    ]
    search_help_text = _("Searched: ref, what it says, record and actor.")
    autocomplete_fields = ["record", "actor", "source"]
    ref_from = ""
    fieldsets = [
        (None, {"fields": ["record", ("actor", "stated_on"), "source", "ref", "state_badge"]}),
        (_("What it says"), {"fields": [("gist_en", "gist_zh"), "word_for_word", "disputes"]}),
    ]

    @admin.display(description=_("what it says"))
    def what(self, response: Response) -> str:
        return Truncator(response.gist).chars(100)
