"""Instruments, signatures, commitments and pledges in the admin."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from commitments.making import MakesPledges
from commitments.models import Bound, Commitment, Instrument, Pledge, Signature
from commitments.pledging import JOINT
from publishing.admin.filters import DropdownFilter
from publishing.admin.naming import admin_url
from publishing.admin.things import ChildForm, ListedInline, ThingForm, ThingInline
from tracking.admin.records import DueFilter, StatusFilter, TrackedAdmin
from tracking.admin.showing import decide_link, due_in_full, status_badge
from tracking.models import DueKind

DUE_RULE: list[Any] = ["due_kind", ("due_date", "due_until", "due_every"), ("due_rule_en", "due_rule_zh")]


def signature_ref(values: Mapping[str, Any]) -> str:
    """Return the ref of a signature: what was signed and who signed."""
    if not values.get("instrument") or not values.get("actor"):
        return ""
    return f"signature.{values['instrument'].ref}.{values['actor'].ref}"


def pledge_ref(values: Mapping[str, Any]) -> str:
    """Return the ref of a pledge: commitment, actor, and the period of an instance."""
    if not values.get("commitment"):
        return ""
    actor = values["actor"].ref if values.get("actor") else JOINT
    return ".".join(part for part in (values["commitment"].ref, actor, values.get("period", "")) if part)


class SignatureForm(ThingForm):
    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        return signature_ref(values)


class SignatureChildForm(ChildForm):
    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        return signature_ref(values)


class CommitmentForm(ThingForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("bound") == Bound.NAMED and not cleaned.get("bound_actors"):
            self.add_error("bound_actors", _("Name the actors, or choose whom it binds otherwise."))
        return cleaned


class PledgeForm(ThingForm):
    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        return pledge_ref(values)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        check_actor(self, cleaned)
        return cleaned


class PledgeChildForm(ChildForm):
    """A pledge on the page of its commitment, from which a new one takes title, and due rule unless it has its own."""

    TAKEN = ("due_kind", "due_date", "due_every", "due_until", "due_rule_en", "due_rule_zh")

    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        return pledge_ref(values)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        check_actor(self, cleaned)
        commitment = cleaned.get("commitment")
        if commitment and self.instance.pk is None:
            self.instance.title_en, self.instance.title_zh = commitment.title_en, commitment.title_zh
            if cleaned.get("due_kind") == DueKind.NONE and not cleaned.get("due_date"):
                for name in self.TAKEN:
                    setattr(self.instance, name, getattr(commitment, name))
                    if name in self.fields:
                        cleaned[name] = getattr(commitment, name)
        return cleaned


def check_actor(form: ThingForm, cleaned: Mapping[str, Any]) -> None:
    """Report a pledge of nobody, unless its commitment binds all jointly."""
    commitment = cleaned.get("commitment")
    if commitment and not cleaned.get("actor") and "actor" in form.fields and not commitment.jointly:
        form.add_error("actor", ValidationError(_("This is needed, unless all are bound jointly."), code="required"))


class SignatureInline(ThingInline):
    model = Signature
    form = SignatureChildForm
    fk_name = "instrument"
    fields = ["actor", "signed_on", "withdrew_on", "sources", "state_badge", "publish_with_it"]
    autocomplete_fields = ["actor", "sources"]
    ordering = ["actor__name_en", "ref"]


class CommitmentInline(ListedInline):
    model = Commitment
    fk_name = "instrument"
    fields = ["locator", "title_en", "title_zh", "due_date", "bound", "state_badge"]
    ordering = ["ref"]


class PledgeInline(ThingInline):
    model = Pledge
    form = PledgeChildForm
    fk_name = "commitment"
    fields = ["actor", "due_kind", "due_date", "shown_status", "decide", "state_badge", "publish_with_it"]
    readonly_fields = ["state_badge", "shown_status", "decide"]
    autocomplete_fields = ["actor"]
    ordering = ["ref"]

    @admin.display(description=_("status"))
    def shown_status(self, pledge: Pledge) -> SafeString:
        return status_badge(pledge.status)

    @admin.display(description=_("decision"))
    def decide(self, pledge: Pledge) -> SafeString | str:
        return decide_link(pledge.pk) if pledge.pk else "–"


class InstanceInline(ListedInline):
    model = Pledge
    fk_name = "instance_of"
    verbose_name = _("period")
    verbose_name_plural = _("its periods")
    fields = ["period", "shown_status", "due", "state_badge"]
    ordering = ["period", "ref"]

    @admin.display(description=_("status"))
    def shown_status(self, pledge: Pledge) -> SafeString:
        return status_badge(pledge.status)

    @admin.display(description=_("due on"))
    def due(self, pledge: Pledge) -> SafeString | str:
        return due_in_full(pledge)


@admin.register(Instrument)
class InstrumentAdmin(MakesPledges):
    list_display = ["title_en", "title_zh", "kind", "legal_force", "adopted_on", "tracked", "state_badge"]
    list_filter = ["state", "kind", "legal_force", "tracked"]
    search_fields = ["ref", "title_en", "title_zh", "summary_en", "summary_zh", "issuers__name_en", "issuers__name_zh"]
    search_help_text = _("Searched: ref, title, summary and issuers, in English and Chinese.")
    ordering = ["title_en", "ref"]
    autocomplete_fields = ["issuers", "supersedes", "sources"]
    fieldsets = [
        (None, {"fields": [("title_en", "title_zh"), "ref", "state_badge"]}),
        (_("What it is"), {"fields": [("kind", "legal_force"), "issuers", "supersedes", "tracked"]}),
        (_("When"), {"fields": [("adopted_on", "in_force_on", "ended_on")]}),
        (_("What it holds, in our words"), {"fields": [("summary_en", "summary_zh")]}),
        (_("Read from"), {"fields": ["sources"]}),
    ]
    inlines = [CommitmentInline, SignatureInline]

    def commitments_of(self, thing: Instrument) -> list[int]:
        return list(thing.commitments.values_list("pk", flat=True))


@admin.register(Signature)
class SignatureAdmin(MakesPledges):
    form = SignatureForm
    list_display = ["actor", "instrument", "signed_on", "withdrew_on", "state_badge"]
    list_filter = ["state", "actor__kind", ("instrument", DropdownFilter)]
    list_select_related = ["actor", "instrument"]
    search_fields = [
        "ref",
        "actor__name_en",
        "actor__name_zh",
        "instrument__title_en",
        "instrument__title_zh",
        "note_en",
        "note_zh",
    ]
    search_help_text = _("Searched: ref, actor, instrument and note.")
    autocomplete_fields = ["instrument", "actor", "sources"]
    ref_from = ""
    fieldsets = [
        (None, {"fields": ["instrument", "actor", ("signed_on", "withdrew_on"), "ref", "state_badge"]}),
        (_("What else a reader should know"), {"fields": [("note_en", "note_zh")]}),
        (_("Read from"), {"fields": ["sources"]}),
    ]

    def commitments_of(self, thing: Signature) -> list[int]:
        bound = thing.instrument.commitments.filter(bound=Bound.SIGNATORIES)
        return list(bound.values_list("pk", flat=True))


@admin.register(Commitment)
class CommitmentAdmin(MakesPledges):
    form = CommitmentForm
    list_display = ["short_title", "instrument", "locator", "due_kind", "due_date", "bound", "state_badge"]
    list_filter = [
        "state",
        "due_kind",
        "bound",
        "measurable",
        "jointly",
        ("themes", DropdownFilter),
        ("instrument", DropdownFilter),
    ]
    list_select_related = ["instrument"]
    search_fields = [
        "ref",
        "title_en",
        "title_zh",
        "text_en",
        "text_zh",
        "quote",
        "instrument__title_en",
        "instrument__title_zh",
    ]
    search_help_text = _("Searched: ref, title, what is promised, exact words and instrument.")
    autocomplete_fields = ["instrument", "themes", "bound_actors", "sources"]
    fieldsets = [
        (None, {"fields": ["instrument", "locator", ("title_en", "title_zh"), "ref", "state_badge"]}),
        (_("What is promised"), {"fields": [("text_en", "text_zh"), "quote", "quote_lang", "themes", "measurable"]}),
        (_("Whom it binds"), {"fields": ["bound", "bound_actors", "jointly"]}),
        (_("When it is due"), {"fields": DUE_RULE}),
        (_("Read from"), {"fields": ["sources"]}),
    ]
    inlines = [PledgeInline]

    def commitments_of(self, thing: Commitment) -> list[int]:
        return [thing.pk]

    @admin.display(description=_("title"), ordering="title_en")
    def short_title(self, commitment: Commitment) -> str:
        return Truncator(commitment.title).chars(90)


@admin.register(Pledge)
class PledgeAdmin(TrackedAdmin):
    form = PledgeForm
    list_display = ["short_title", "actor", "period", "shown_status", "due", "state_badge", "decide"]
    list_filter = [
        "state",
        StatusFilter,
        DueFilter,
        "contested",
        "due_kind",
        ("themes", DropdownFilter),
        ("commitment__instrument", DropdownFilter),
    ]
    list_select_related = ["actor"]
    search_fields = [
        "ref",
        "title_en",
        "title_zh",
        "actor__name_en",
        "actor__name_zh",
        "commitment__instrument__title_en",
        "commitment__instrument__title_zh",
    ]
    search_help_text = _("Searched: ref, title, actor and instrument, in English and Chinese.")
    autocomplete_fields = ["commitment", "actor", "instance_of", "sources"]
    readonly_fields = [*TrackedAdmin.readonly_fields, "of_instrument"]
    ref_from = ""
    fieldsets = [
        (None, {"fields": ["commitment", "of_instrument", "actor", ("title_en", "title_zh"), "ref", "state_badge"]}),
        (_("Status"), {"fields": ["present_status", "due", "is_contested"]}),
        (_("When it is due"), {"fields": [*DUE_RULE, ("instance_of", "period"), "review_every"]}),
        (_("What else a reader should know"), {"fields": [("note_en", "note_zh"), "sources"]}),
    ]
    inlines = [*TrackedAdmin.inlines, InstanceInline]

    @admin.display(description=_("title"), ordering="title_en")
    def short_title(self, pledge: Pledge) -> str:
        return Truncator(str(pledge)).chars(90)

    @admin.display(description=_("instrument"))
    def of_instrument(self, pledge: Pledge) -> SafeString | str:
        if pledge.commitment_id is None:
            return "–"
        instrument = pledge.commitment.instrument
        return format_html('<a href="{}">{}</a>', admin_url(instrument), instrument)
