"""Standing processes and bodies, their events, and ideas that may be taken up."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Actor, validate_country
from commitments.models import Instrument
from publishing.dates import PartialDateField
from publishing.history import tracked
from publishing.languages import InReadersLanguage
from publishing.models import Publishable, identity_link
from sources.models import Passage
from tracking.models import Record


class MechanismKind(models.TextChoices):
    SUMMIT_SERIES = "summit_series", _("summit series")
    NETWORK = "network", _("network")
    SCIENTIFIC_PANEL = "scientific_panel", _("scientific panel")
    DIALOGUE = "dialogue", _("dialogue")
    INSTITUTE = "institute", _("institute")
    PARTNERSHIP = "partnership", _("partnership")
    CONVENTION_BODY = "convention_body", _("convention body")
    WORKING_GROUP = "working_group", _("working group")
    FUND = "fund", _("fund")
    STANDARDS_PROCESS = "standards_process", _("standards process")
    LEGAL_FRAMEWORK = "legal_framework", _("legal framework")


@tracked("mechanism_edits")
class Mechanism(Record):
    """A standing process or body."""

    kind = models.CharField(_("kind"), max_length=20, choices=MechanismKind)
    summary_en = models.TextField(_("summary (English)"))
    summary_zh = models.TextField(_("summary (Chinese)"))
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("part of"), null=True, blank=True, related_name="parts"
    )
    hosts = models.ManyToManyField(Actor, verbose_name=_("hosts"), blank=True, related_name="hosted")
    members = models.ManyToManyField(Actor, verbose_name=_("members"), blank=True, related_name="memberships")
    established_on = PartialDateField(_("established on"))

    collection = "mechanisms"

    summary = InReadersLanguage("summary")

    class Meta:
        verbose_name = _("mechanism")
        verbose_name_plural = _("mechanisms")


class EventState(models.TextChoices):
    SCHEDULED = "scheduled", _("scheduled")
    HELD = "held", _("held")
    POSTPONED = "postponed", _("postponed")
    CANCELLED = "cancelled", _("cancelled")


@tracked("event_edits")
class Event(Publishable):
    """A meeting or milestone of a mechanism."""

    publishable_ptr = identity_link()
    mechanism = models.ForeignKey(Mechanism, models.PROTECT, verbose_name=_("mechanism"), related_name="events")
    title_en = models.CharField(_("title (English)"), max_length=500)
    title_zh = models.CharField(_("title (Chinese)"), max_length=500)
    starts_on = PartialDateField(_("starts on"))
    ends_on = PartialDateField(_("ends on"))
    place_en = models.CharField(_("place (English)"), max_length=300, blank=True)
    place_zh = models.CharField(_("place (Chinese)"), max_length=300, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, validators=[validate_country])
    event_state = models.CharField(_("state of the event"), max_length=10, choices=EventState)
    outcomes = models.ManyToManyField(Instrument, verbose_name=_("outcomes"), blank=True, related_name="came_out_of")
    note_en = models.TextField(_("note (English)"), blank=True)
    note_zh = models.TextField(_("note (Chinese)"), blank=True)

    collection = "events"

    title = InReadersLanguage("title")
    place = InReadersLanguage("place")
    note = InReadersLanguage("note")

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return self.title or self.ref


@tracked("proposal_edits")
class Proposal(Record):
    """An idea put forward that may be taken up."""

    summary_en = models.TextField(_("summary (English)"))
    summary_zh = models.TextField(_("summary (Chinese)"))
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("part of"), null=True, blank=True, related_name="parts"
    )
    proposed_by = models.ManyToManyField(Actor, verbose_name=_("proposed by"), related_name="proposals")
    tabled_on = PartialDateField(_("tabled on"))
    tabled_in = models.ForeignKey(
        Instrument, models.PROTECT, verbose_name=_("put forward in"), null=True, blank=True, related_name="proposals"
    )
    passages = models.ManyToManyField(Passage, verbose_name=_("passages"), blank=True, related_name="proposals")

    collection = "proposals"

    summary = InReadersLanguage("summary")

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")


class TakenUp(models.Model):
    """What was read to take a proposal up. It is no claim that the proposal caused it."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, verbose_name=_("proposal"), related_name="taken_up_by")
    by = models.ForeignKey(
        Publishable,
        models.PROTECT,
        verbose_name=_("taken up by"),
        related_name="takes_up",
        limit_choices_to={"resource__in": ["mechanisms", "instruments", "commitments"]},
    )
    note_en = models.TextField(_("note (English)"), blank=True)
    note_zh = models.TextField(_("note (Chinese)"), blank=True)
    read_in = models.ManyToManyField(
        Publishable,
        verbose_name=_("sources"),
        blank=True,
        related_name="shows_taking_up",
        limit_choices_to={"resource": "sources"},
    )

    note = InReadersLanguage("note")

    class Meta:
        verbose_name = _("taking up")
        verbose_name_plural = _("taken up by")
        constraints = [models.UniqueConstraint(fields=["proposal", "by"], name="takenup_once")]

    def __str__(self) -> str:
        return self.by.ref
