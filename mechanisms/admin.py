"""Mechanisms, their events, and proposals in the admin."""

from django.contrib import admin
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from mechanisms.models import Event, Mechanism, Proposal, TakenUp
from publishing.admin.filters import DropdownFilter
from publishing.admin.meanwhile import WatchedForm
from publishing.admin.offering import OffersThings
from publishing.admin.things import ListedInline, StackedThingInline, ThingAdmin, ThingInline
from tracking.admin.records import StatusFilter, TrackedAdmin


class EventInline(StackedThingInline):
    model = Event
    fk_name = "mechanism"
    fields = [
        ("title_en", "title_zh"),
        ("starts_on", "ends_on", "event_state"),
        "sources",
        ("state_badge", "publish_with_it"),
    ]
    autocomplete_fields = ["sources"]
    ordering = ["starts_on", "ref"]


class MechanismPartInline(ListedInline):
    model = Mechanism
    fk_name = "parent"
    verbose_name = _("part")
    verbose_name_plural = _("its parts")
    fields = ["title_en", "title_zh", "status", "state_badge"]
    ordering = ["ref"]


class ProposalPartInline(ListedInline):
    model = Proposal
    fk_name = "parent"
    verbose_name = _("part")
    verbose_name_plural = _("its parts")
    fields = ["title_en", "title_zh", "status", "state_badge"]
    ordering = ["ref"]


class TakenUpInline(OffersThings, admin.TabularInline):
    """What was read to take a proposal up; it is a part of the proposal, so it is published with it."""

    model = TakenUp
    form = WatchedForm
    fk_name = "proposal"
    template = "admin/publishing/children.html"
    extra = 0
    fields = [("by", "read_in"), ("note_en", "note_zh")]
    autocomplete_fields = ["by", "read_in"]
    formfield_overrides = ThingInline.formfield_overrides
    layout = "admin/edit_inline/stacked.html"
    ordering = ["pk"]


@admin.register(Mechanism)
class MechanismAdmin(TrackedAdmin):
    list_display = ["title_en", "title_zh", "kind", "shown_status", "established_on", "state_badge", "decide"]
    list_filter = [
        "state",
        StatusFilter,
        "kind",
        "contested",
        ("themes", DropdownFilter),
        ("parent", DropdownFilter),
    ]
    search_fields = ["ref", "title_en", "title_zh", "summary_en", "summary_zh", "hosts__name_en", "hosts__name_zh"]
    search_help_text = _("Searched: ref, title, summary and hosts, in English and Chinese.")
    ordering = ["title_en", "ref"]
    autocomplete_fields = ["parent", "hosts", "members", "themes", "sources"]
    fieldsets = [
        (None, {"fields": [("title_en", "title_zh"), "ref", "state_badge"]}),
        (_("Status"), {"fields": ["present_status", "is_contested", "review_every"]}),
        (_("What it is"), {"fields": ["kind", "parent", "established_on", "hosts", "members", "themes"]}),
        (_("What it is and does, in our words"), {"fields": [("summary_en", "summary_zh")]}),
        (_("Read from"), {"fields": ["sources"]}),
    ]
    inlines = [EventInline, *TrackedAdmin.inlines, MechanismPartInline]


@admin.register(Event)
class EventAdmin(ThingAdmin):
    list_display = ["title_en", "title_zh", "mechanism", "starts_on", "event_state", "country", "state_badge"]
    list_filter = ["state", "event_state", "country", ("mechanism", DropdownFilter)]
    list_select_related = ["mechanism"]
    search_fields = [
        "ref",
        "title_en",
        "title_zh",
        "place_en",
        "place_zh",
        "mechanism__title_en",
        "mechanism__title_zh",
    ]
    search_help_text = _("Searched: ref, title, place and mechanism, in English and Chinese.")
    ordering = ["-starts_on", "ref"]
    autocomplete_fields = ["mechanism", "outcomes", "sources"]
    fieldsets = [
        (None, {"fields": ["mechanism", ("title_en", "title_zh"), "ref", "state_badge"]}),
        (
            _("When and where"),
            {"fields": ["event_state", ("starts_on", "ends_on"), ("place_en", "place_zh"), "country"]},
        ),
        (_("What came out of it"), {"fields": ["outcomes", ("note_en", "note_zh")]}),
        (_("Read from"), {"fields": ["sources"]}),
    ]


@admin.register(Proposal)
class ProposalAdmin(TrackedAdmin):
    list_display = ["short_title", "shown_status", "tabled_on", "tabled_in", "state_badge", "decide"]
    list_filter = [
        "state",
        StatusFilter,
        "contested",
        ("proposed_by", DropdownFilter),
        ("themes", DropdownFilter),
        ("parent", DropdownFilter),
    ]
    list_select_related = ["tabled_in"]
    search_fields = [
        "ref",
        "title_en",
        "title_zh",
        "summary_en",
        "summary_zh",
        "proposed_by__name_en",
        "proposed_by__name_zh",
    ]
    search_help_text = _("Searched: ref, title, summary and who proposed it, in English and Chinese.")
    ordering = ["title_en", "ref"]
    autocomplete_fields = ["parent", "proposed_by", "tabled_in", "passages", "themes", "sources"]
    fieldsets = [
        (None, {"fields": [("title_en", "title_zh"), "ref", "state_badge"]}),
        (_("Status"), {"fields": ["present_status", "is_contested", "review_every"]}),
        (_("What is proposed, in our words"), {"fields": [("summary_en", "summary_zh"), "themes", "parent"]}),
        (_("Who put it forward, when and where"), {"fields": ["proposed_by", "tabled_on", "tabled_in", "passages"]}),
        (_("Read from"), {"fields": ["sources"]}),
    ]
    inlines = [TakenUpInline, *TrackedAdmin.inlines, ProposalPartInline]

    @admin.display(description=_("title"), ordering="title_en")
    def short_title(self, proposal: Proposal) -> str:
        return Truncator(str(proposal)).chars(90)
