"""Documents that hold commitments, who signed them, what they promise, and each promise by each actor."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Actor, Theme
from publishing.dates import PartialDateField
from publishing.fields import DURATION
from publishing.history import tracked
from publishing.languages import InReadersLanguage
from publishing.models import Publishable, identity_link
from sources.models import Language
from tracking.models import DueKind, Record


class InstrumentKind(models.TextChoices):
    DECLARATION = "declaration", _("declaration")
    STATEMENT = "statement", _("statement")
    VOLUNTARY_COMMITMENTS = "voluntary_commitments", _("voluntary commitments")
    LAW = "law", _("law")
    REGULATION = "regulation", _("regulation")
    TREATY = "treaty", _("treaty")
    RESOLUTION = "resolution", _("resolution")
    ACTION_PLAN = "action_plan", _("action plan")
    STRATEGY = "strategy", _("strategy")
    GUIDELINE = "guideline", _("guideline")
    CODE_OF_PRACTICE = "code_of_practice", _("code of practice")
    SPEECH = "speech", _("speech")
    MEMORANDUM = "memorandum", _("memorandum")


class LegalForce(models.TextChoices):
    BINDING = "binding", _("binding")
    SOFT_LAW = "soft_law", _("soft law")
    VOLUNTARY = "voluntary", _("voluntary")


@tracked("instrument_edits")
class Instrument(Publishable):
    """A document that holds commitments."""

    publishable_ptr = identity_link()
    kind = models.CharField(_("kind"), max_length=30, choices=InstrumentKind)
    title_en = models.CharField(_("title (English)"), max_length=500)
    title_zh = models.CharField(_("title (Chinese)"), max_length=500)
    summary_en = models.TextField(_("summary (English)"))
    summary_zh = models.TextField(_("summary (Chinese)"))
    legal_force = models.CharField(_("legal force"), max_length=10, choices=LegalForce)
    issuers = models.ManyToManyField(Actor, verbose_name=_("issuers"), blank=True, related_name="issued")
    adopted_on = PartialDateField(_("adopted on"))
    in_force_on = PartialDateField(_("in force on"))
    ended_on = PartialDateField(_("ended on"))
    supersedes = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("supersedes"), null=True, blank=True, related_name="superseded_by"
    )
    tracked = models.BooleanField(
        _("tracked"), default=True, help_text=_("Whether its pledges are to be kept under review.")
    )

    collection = "instruments"

    title = InReadersLanguage("title")
    summary = InReadersLanguage("summary")

    class Meta:
        verbose_name = _("instrument")
        verbose_name_plural = _("instruments")

    def __str__(self) -> str:
        return self.title or self.ref


@tracked("signature_edits")
class Signature(Publishable):
    """An actor that signed on to an instrument."""

    publishable_ptr = identity_link()
    instrument = models.ForeignKey(Instrument, models.PROTECT, verbose_name=_("instrument"), related_name="signatures")
    actor = models.ForeignKey(Actor, models.PROTECT, verbose_name=_("actor"), related_name="signatures")
    signed_on = PartialDateField(_("signed on"))
    withdrew_on = PartialDateField(_("withdrew on"))
    note_en = models.TextField(_("note (English)"), blank=True)
    note_zh = models.TextField(_("note (Chinese)"), blank=True)

    collection = "signatures"

    note = InReadersLanguage("note")

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints = [models.UniqueConstraint(fields=["instrument", "actor"], name="signature_once")]

    def __str__(self) -> str:
        return f"{self.actor} · {self.instrument}"


class Bound(models.TextChoices):
    """Whom a commitment binds."""

    SIGNATORIES = "signatories", _("all signatories of the instrument")
    ISSUERS = "issuers", _("all issuers of the instrument")
    NAMED = "named", _("the actors named here")


class DueRule(models.Model):
    """The columns that say when a promise is due."""

    due_kind = models.CharField(_("due"), max_length=10, choices=DueKind, default=DueKind.NONE)
    due_date = PartialDateField(
        _("due date"), help_text=_("As far as it is known. Of a recurring promise, the first day.")
    )
    due_rule_en = models.TextField(_("due rule (English)"), blank=True)
    due_rule_zh = models.TextField(_("due rule (Chinese)"), blank=True)
    due_every = models.CharField(_("every"), max_length=10, blank=True, help_text=_("Such as P1Y or P6M."))
    due_until = PartialDateField(_("until"))

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=~Q(due_kind="fixed") | ~Q(due_date=""),
                name="%(class)s_fixed_with_date",
                violation_error_message=_("A fixed deadline needs its date."),
            ),
            models.CheckConstraint(
                condition=Q(due_every="") | Q(due_every__regex=f"^{DURATION.pattern}$"),
                name="%(class)s_every_is_duration",
                violation_error_message=_("Write P90D, P6M or P1Y."),
            ),
        ]


@tracked("commitment_edits")
class Commitment(Publishable, DueRule):
    """One concrete promise in an instrument."""

    publishable_ptr = identity_link()
    instrument = models.ForeignKey(Instrument, models.PROTECT, verbose_name=_("instrument"), related_name="commitments")
    locator = models.CharField(_("where"), max_length=200, blank=True, help_text=_("Clause, paragraph or article."))
    title_en = models.CharField(_("title (English)"), max_length=500)
    title_zh = models.CharField(_("title (Chinese)"), max_length=500)
    text_en = models.TextField(_("what is promised (English)"))
    text_zh = models.TextField(_("what is promised (Chinese)"))
    quote = models.TextField(_("exact words"), blank=True)
    quote_lang = models.CharField(_("language of the exact words"), max_length=2, choices=Language, blank=True)
    themes = models.ManyToManyField(Theme, verbose_name=_("themes"), related_name="commitments")
    bound = models.CharField(_("bound"), max_length=12, choices=Bound, default=Bound.SIGNATORIES)
    bound_actors = models.ManyToManyField(Actor, verbose_name=_("actors named"), blank=True, related_name="commitments")
    jointly = models.BooleanField(
        _("jointly"), default=False, help_text=_("One pledge for all of them together, instead of one for each.")
    )
    measurable = models.BooleanField(_("measurable"), default=True)

    collection = "commitments"

    title = InReadersLanguage("title")
    text = InReadersLanguage("text")
    due_rule = InReadersLanguage("due_rule")

    class Meta(DueRule.Meta):
        abstract = False
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        constraints = [
            *DueRule.Meta.constraints,
            models.CheckConstraint(
                condition=(Q(quote="") & Q(quote_lang="")) | (~Q(quote="") & ~Q(quote_lang="")),
                name="commitment_quote_with_language",
                violation_error_message=_("Say in which language the exact words are."),
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.ref


@tracked("pledge_edits")
class Pledge(Record, DueRule):  # noqa: DJ008 it is named as every Record is
    """One commitment as one actor's promise (or that of all jointly): the unit that is kept or broken."""

    commitment = models.ForeignKey(Commitment, models.PROTECT, verbose_name=_("commitment"), related_name="pledges")
    instance_of = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("instance of"), null=True, blank=True, related_name="instances"
    )
    period = models.CharField(_("period"), max_length=20, blank=True)
    note_en = models.TextField(_("note (English)"), blank=True)
    note_zh = models.TextField(_("note (Chinese)"), blank=True)

    collection = "pledges"

    note = InReadersLanguage("note")
    due_rule = InReadersLanguage("due_rule")

    class Meta(DueRule.Meta):
        abstract = False
        verbose_name = _("pledge")
        verbose_name_plural = _("pledges")
        constraints = [
            *DueRule.Meta.constraints,
            models.CheckConstraint(
                condition=Q(instance_of=None, period="") | Q(instance_of__isnull=False) & ~Q(period=""),
                name="pledge_instance_with_period",
            ),
            models.CheckConstraint(condition=~Q(instance_of=F("pk")), name="pledge_not_its_own_instance"),
            models.UniqueConstraint(
                fields=["instance_of", "period"], condition=~Q(period=""), name="pledge_period_once"
            ),
        ]
