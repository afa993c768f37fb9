"""Who's who and the vocabulary, in the admin."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from catalog.models import Actor, Theme
from publishing.admin.filters import DropdownFilter
from publishing.admin.things import ListedInline, ThingAdmin


@admin.register(Actor)
class ActorAdmin(ThingAdmin):
    list_display = ["name_en", "name_zh", "kind", "country", "state_badge", "ref"]
    list_filter = ["state", "kind", "country"]
    search_fields = ["ref", "name_en", "name_zh", "short_name_en", "wikidata"]
    search_help_text = _("Searched: ref, names and Wikidata id, in English and Chinese.")
    ordering = ["name_en", "ref"]
    autocomplete_fields = ["parent", "members", "sources"]
    ref_from = "name_en"
    fieldsets = [
        (None, {"fields": [("name_en", "name_zh"), "short_name_en", "ref", "state_badge"]}),
        (_("What it is"), {"fields": ["kind", ("country", "time_zone"), "parent", "members"]}),
        (_("What else a reader should know"), {"fields": [("note_en", "note_zh"), "website", "wikidata"]}),
        (_("Read from"), {"fields": ["sources"]}),
    ]


class NarrowerInline(ListedInline):
    model = Theme
    fk_name = "parent"
    verbose_name = _("narrower theme")
    verbose_name_plural = _("narrower themes")
    fields = ["label_en", "label_zh", "state_badge"]
    ordering = ["label_en"]


@admin.register(Theme)
class ThemeAdmin(ThingAdmin):
    list_display = ["label_en", "label_zh", "parent", "state_badge", "ref"]
    list_filter = ["state", ("parent", DropdownFilter)]
    list_select_related = ["parent"]
    search_fields = ["ref", "label_en", "label_zh", "definition_en", "definition_zh"]
    search_help_text = _("Searched: ref, labels and definitions, in English and Chinese.")
    ordering = ["label_en", "ref"]
    autocomplete_fields = ["parent"]
    ref_from = "label_en"
    fieldsets = [
        (None, {"fields": [("label_en", "label_zh"), "ref", "state_badge", "parent"]}),
        (_("What belongs to it"), {"fields": [("definition_en", "definition_zh")]}),
    ]
    inlines = [NarrowerInline]
