"""What it means to be tracked: records, what shows something about them, what is decided and what was said."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField, RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Actor, Theme
from publishing.dates import PartialDateField
from publishing.history import tracked
from publishing.languages import InReadersLanguage
from publishing.models import LedgerEntry, Publishable, PublishableQuerySet, identity_link
from sources.models import Snapshot, Source
from tracking.statuses import CHOICES, NOT_ASSESSED, OPEN_STATUSES, STATUSES, Status, statuses_of

DUE_SOON = timedelta(days=30)
TRACKED_RESOURCES = ("pledges", "mechanisms", "proposals")


class DueKind(models.TextChoices):
    FIXED = "fixed", _("fixed day")
    DERIVED = "derived", _("derived from other words")
    RECURRING = "recurring", _("recurring")
    EVENT = "event", _("triggered by an event")
    NONE = "none", _("none")


class DecidableStatus(models.TextChoices):
    """Every status but not_assessed, which nobody decides on."""

    vars().update({code.upper(): (code, status.label) for code, status in STATUSES.items() if code != NOT_ASSESSED})


class RecordQuerySet(PublishableQuerySet):
    def overdue(self, *, now: datetime) -> Self:
        """Records whose due moment has passed and whose status does not settle the matter. Indexed."""
        return self.filter(overdue_from__lte=now, status__in=OPEN_STATUSES)

    def due_soon(self, *, now: datetime) -> Self:
        """Records that will be overdue within 30 days from `now`."""
        return self.filter(overdue_from__gt=now, overdue_from__lte=now + DUE_SOON, status__in=OPEN_STATUSES)

    def under_review(self) -> Self:
        """Those that jobs look after: all but the pledges of instruments that are not kept under review."""
        return self.filter(Q(instrument=None) | Q(instrument__as_instrument__tracked=True))

    def assessed(self) -> Self:
        return self.exclude(status=NOT_ASSESSED)


RecordManager = models.Manager.from_queryset(RecordQuerySet)


@tracked("record_edits", but=["status", "status_since", "instrument", "due_on", "overdue_from", "contested"])
class Record(Publishable):
    """Anything that has a status: a pledge, a mechanism, a proposal.

    It carries the columns that lists filter and sort by, and no rules of its kinds.
    """

    publishable_ptr = identity_link()
    title_en = models.CharField(_("title (English)"), max_length=500)
    title_zh = models.CharField(_("title (Chinese)"), max_length=500)
    # Both follow from the status changes; the database refuses any other value.
    status = models.CharField(_("status"), max_length=20, choices=CHOICES, default=NOT_ASSESSED, editable=False)
    status_since = models.DateField(_("status since"), null=True, editable=False)
    actor = models.ForeignKey(
        Actor, models.PROTECT, verbose_name=_("actor"), null=True, blank=True, related_name="records"
    )
    instrument = models.ForeignKey(
        Publishable, models.PROTECT, verbose_name=_("instrument"), null=True, editable=False, related_name="records_in"
    )
    themes = models.ManyToManyField(Theme, verbose_name=_("themes"), blank=True, related_name="records")
    due_on = models.DateField(_("due on"), null=True, editable=False)
    overdue_from = models.DateTimeField(_("overdue from"), null=True, editable=False)
    contested = models.BooleanField(_("contested"), default=False, editable=False)
    review_every = models.CharField(
        _("review every"), max_length=10, blank=True, help_text=_("As an ISO 8601 duration, such as P90D.")
    )

    collection = "records"

    title = InReadersLanguage("title")
    objects: ClassVar[RecordManager] = RecordManager()

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        indexes = [
            models.Index(fields=["status", "due_on"], name="record_status_due"),
            models.Index(fields=["instrument", "status", "due_on"], name="record_instrument_status_due"),
            models.Index(fields=["due_on"], name="record_due"),
            models.Index(fields=["overdue_from"], condition=Q(status__in=OPEN_STATUSES), name="record_open_overdue"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(STATUSES)), name="record_status_known"),
        ]

    def __str__(self) -> str:
        return self.title or self.ref

    @property
    def status_definition(self) -> Status:
        return STATUSES[self.status]

    @property
    def possible_statuses(self) -> list[Status]:
        """The statuses that can be decided on for it."""
        return [status for status in statuses_of(self.resource) if status.code != NOT_ASSESSED]


class Stance(models.TextChoices):
    """What evidence says, relative to what the record promises or proposes."""

    SUPPORTS = "supports", _("supports")
    CONTRADICTS = "contradicts", _("contradicts")
    CONTEXT = "context", _("context")


@tracked("evidence_edits")
class Evidence(Publishable):
    """What a source shows about a record."""

    publishable_ptr = identity_link()
    record = models.ForeignKey(Record, models.PROTECT, verbose_name=_("record"), related_name="evidence")
    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("source"), related_name="evidence")
    snapshot = models.ForeignKey(
        Snapshot,
        models.PROTECT,
        verbose_name=_("kept text"),
        null=True,
        blank=True,
        related_name="evidence",
        help_text=_("The snapshot of the source that it rests on, if its text is kept."),
    )
    stance = models.CharField(_("stance"), max_length=12, choices=Stance)
    observed_on = PartialDateField(_("observed on"), blank=False, help_text=_("Day of the fact that is shown."))
    shows_en = models.TextField(_("what it shows (English)"), blank=True)
    shows_zh = models.TextField(_("what it shows (Chinese)"), blank=True)

    shows = InReadersLanguage("shows")
    collection = "evidence"

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        constraints = [
            models.CheckConstraint(
                condition=~Q(shows_en="") | ~Q(shows_zh=""),
                name="evidence_says_what_it_shows",
                violation_error_message=_("Say in English or Chinese what it shows."),
            )
        ]

    def __str__(self) -> str:
        return self.shows or self.ref

    def clean(self) -> None:
        super().clean()
        if self.snapshot and self.source_id and self.snapshot.source_id != self.source_id:
            raise ValidationError({"snapshot": _("This is the text of another source.")})


class StatusChangeKind(models.TextChoices):
    ASSESSMENT = "assessment", _("assessment")
    CORRECTION = "correction", _("correction: we were wrong")
    REVISION = "revision", _("revision: the method changed")


class StatusChange(Publishable):
    """A status as it was published. Nothing changes or removes it; a correction adds another one."""

    publishable_ptr = identity_link()
    record = models.ForeignKey(
        Record, models.PROTECT, verbose_name=_("record"), related_name="status_changes", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=12, choices=StatusChangeKind, default=StatusChangeKind.ASSESSMENT)
    status = models.CharField(_("status"), max_length=20, choices=CHOICES)
    effective_on = models.DateField(_("holds from"))
    reason_en = models.TextField(_("reason (English)"), blank=True)
    reason_zh = models.TextField(_("reason (Chinese)"), blank=True)
    was_wrong_en = models.TextField(_("what was wrong (English)"), blank=True)
    was_wrong_zh = models.TextField(_("what was wrong (Chinese)"), blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, verbose_name=_("corrects"), null=True, blank=True, related_name="superseded_by"
    )
    evidence = models.ManyToManyField(Evidence, verbose_name=_("evidence"), related_name="cited_in")
    seq = models.BigIntegerField(_("position in the ledger"), null=True, unique=True, editable=False)
    first_version = models.BigIntegerField(_("first data version"), null=True, editable=False)

    reason = InReadersLanguage("reason")
    was_wrong = InReadersLanguage("was_wrong")
    collection = "status-changes"

    class Meta:
        verbose_name = _("status change")
        verbose_name_plural = _("status changes")
        indexes = [models.Index(fields=["record", "effective_on", "seq"], name="statuschange_current")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[code for code in STATUSES if code != NOT_ASSESSED]),
                name="statuschange_status_decidable",
            ),
            models.CheckConstraint(
                condition=~Q(reason_en="") | ~Q(reason_zh=""),
                name="statuschange_with_reason",
                violation_error_message=_("Give a reason in English or Chinese."),
            ),
            models.CheckConstraint(
                condition=Q(kind="correction", supersedes__isnull=False) & (~Q(was_wrong_en="") | ~Q(was_wrong_zh=""))
                | ~Q(kind="correction") & Q(supersedes=None),
                name="statuschange_correction_supersedes_one",
                violation_error_message=_("A correction names the change that it corrects and says what was wrong."),
            ),
            models.CheckConstraint(condition=Q(kind__in=StatusChangeKind.values), name="statuschange_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} · {self.effective_on}"


class StatusSpan(models.Model):
    """Which status the tracker said held on which days, by data version. Derived from the status changes."""

    # What they are derived from is never removed, so the links need no constraint of their own.
    record = models.ForeignKey(
        Record, models.PROTECT, verbose_name=_("record"), related_name="status_spans", db_constraint=False
    )
    change = models.ForeignKey(
        StatusChange,
        models.PROTECT,
        verbose_name=_("status change"),
        related_name="spans",
        db_index=False,
        db_constraint=False,
    )
    status = models.CharField(_("status"), max_length=20, choices=CHOICES)
    valid = DateRangeField(_("valid"))
    known = BigIntegerRangeField(_("known"))

    class Meta:
        verbose_name = _("status span")
        verbose_name_plural = _("status spans")
        constraints = [
            ExclusionConstraint(
                name="statusspan_no_overlap",
                expressions=[
                    (OpClass("record", name="gist_int8_ops"), RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                    ("known", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.record_id} {self.status} {self.valid}"


class FindingState(models.TextChoices):
    OPEN = "open", _("open")
    CLAIMED = "claimed", _("claimed")
    SNOOZED = "snoozed", _("snoozed")
    ACCEPTED = "accepted", _("accepted")
    DISMISSED = "dismissed", _("dismissed")
    LAPSED = "lapsed", _("lapsed")


OPEN_STATES = (FindingState.OPEN, FindingState.CLAIMED, FindingState.SNOOZED)


class FindingKind(models.TextChoices):
    DEADLINE_PASSED = "deadline_passed", _("deadline passed")
    DUE_SOON = "due_soon", _("due soon")
    NOT_REVIEWED = "not_reviewed", _("not reviewed for long")
    EVIDENCE_AGAINST = "evidence_against", _("evidence against the status")
    EVENT_CAME = "event_came", _("day of an event has come")
    EVENT_PASSED = "event_passed", _("event passed without an outcome")
    TRANSLATION_OLD = "translation_old", _("translation out of date")
    SOURCE_UNCITED = "source_uncited", _("source that nothing cites")
    SUBMITTED = "submitted", _("sent in by a reader")


class FindingQuerySet(models.QuerySet):
    def open(self) -> Self:
        return self.filter(state__in=OPEN_STATES)


class Finding(models.Model):
    """What a job or a person noticed about one record, or about another public thing. It never sets a status."""

    record = models.ForeignKey(
        Record, models.PROTECT, verbose_name=_("record"), null=True, blank=True, related_name="findings"
    )
    about = models.ForeignKey(
        Publishable,
        models.PROTECT,
        verbose_name=_("about"),
        null=True,
        blank=True,
        related_name="findings_about",
        help_text=_("What it is about, when that is no record."),
    )
    kind = models.CharField(_("kind"), max_length=30, choices=FindingKind)
    fingerprint = models.CharField(
        _("fingerprint"), max_length=100, help_text=_("Tells two findings of one kind about one record apart.")
    )
    seen = models.JSONField(_("what was seen"), default=dict)
    suggested_status = models.CharField(_("suggested status"), max_length=20, choices=CHOICES, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=FindingState, default=FindingState.OPEN)
    found_at = models.DateTimeField(_("found at"))
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("claimed by"),
        null=True,
        blank=True,
        related_name="claimed_findings",
    )
    dismissed_because = models.TextField(_("dismissed because"), blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("closed by"), null=True, related_name="+"
    )
    closed_at = models.DateTimeField(_("closed at"), null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        indexes = [models.Index(fields=["state", "found_at"], name="finding_queue")]
        constraints = [
            models.UniqueConstraint(
                fields=["record", "kind", "fingerprint"], condition=Q(state__in=OPEN_STATES), name="finding_open_once"
            ),
            models.UniqueConstraint(
                fields=["about", "kind", "fingerprint"],
                condition=Q(state__in=OPEN_STATES),
                name="finding_about_open_once",
            ),
            models.CheckConstraint(
                condition=Q(record=None, about__isnull=False) | Q(record__isnull=False, about=None),
                name="finding_about_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(state="dismissed") | ~Q(dismissed_because=""),
                name="finding_dismissed_with_reason",
                violation_error_message=_("Say why the finding is dismissed."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"

    @property
    def subject(self) -> Publishable:
        """What it is about: a record, or another public thing."""
        subject = self.record or self.about
        if subject is None:
            raise ValueError("a finding is about something")
        return subject

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class DecisionState(models.TextChoices):
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    RETURNED = "returned", _("returned")
    APPROVED = "approved", _("approved")
    WITHDRAWN = "withdrawn", _("withdrawn")


CLOSED_STATES = (DecisionState.APPROVED, DecisionState.WITHDRAWN)

# The life of a decision: which state may follow which. The trigger in sql/decisions.sql refuses any other step, and any
# change of a decision that is closed.
NEXT_STATES: dict[str, tuple[str, ...]] = {
    DecisionState.DRAFT: (DecisionState.DRAFT, DecisionState.SUBMITTED, DecisionState.WITHDRAWN),
    DecisionState.SUBMITTED: (
        DecisionState.DRAFT,
        DecisionState.SUBMITTED,
        DecisionState.RETURNED,
        DecisionState.APPROVED,
        DecisionState.WITHDRAWN,
    ),
    DecisionState.RETURNED: (DecisionState.DRAFT, DecisionState.SUBMITTED, DecisionState.WITHDRAWN),
    DecisionState.APPROVED: (),
    DecisionState.WITHDRAWN: (),
}


class DecisionQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Those that may still become public."""
        return self.exclude(state__in=CLOSED_STATES)

    def with_overtaken(self) -> Self:
        """Say of each, as `overtaken`, whether its record has moved on since what it was based on."""
        later = LedgerEntry.objects.filter(seq__gt=OuterRef("based_on"))
        changes = StatusChange.objects.filter(record=OuterRef(OuterRef("record")))
        moved_on = Exists(later.filter(Q(ref=OuterRef("record__ref")) | Q(ref__in=changes.values("ref"))))
        waits = ~Q(state__in=CLOSED_STATES)
        return self.annotate(overtaken=ExpressionWrapper(waits & moved_on, models.BooleanField()))


@tracked("decision_edits")
class Decision(models.Model):
    """A status change in preparation. It becomes public by being approved, or is withdrawn; both are for good."""

    record = models.ForeignKey(Record, models.PROTECT, verbose_name=_("record"), related_name="decisions")
    kind = models.CharField(_("kind"), max_length=12, choices=StatusChangeKind, default=StatusChangeKind.ASSESSMENT)
    status = models.CharField(_("status"), max_length=20, choices=CHOICES, blank=True)
    effective_on = models.DateField(_("holds from"), null=True, blank=True)
    reason_en = models.TextField(_("reason (English)"), blank=True)
    reason_zh = models.TextField(_("reason (Chinese)"), blank=True)
    was_wrong_en = models.TextField(_("what was wrong (English)"), blank=True)
    was_wrong_zh = models.TextField(_("what was wrong (Chinese)"), blank=True)
    supersedes = models.ForeignKey(
        StatusChange, models.PROTECT, verbose_name=_("corrects"), null=True, blank=True, related_name="corrections"
    )
    evidence = models.ManyToManyField(Evidence, verbose_name=_("evidence"), related_name="decisions")
    findings = models.ManyToManyField(Finding, verbose_name=_("findings"), blank=True, related_name="decisions")
    based_on = models.BigIntegerField(_("based on data version"))
    state = models.CharField(_("state"), max_length=10, choices=DecisionState, default=DecisionState.DRAFT)
    publish_not_before = models.DateTimeField(
        _("not public before"),
        null=True,
        blank=True,
        help_text=_("Until then it cannot be approved, so that whom it is about can answer first."),
    )
    told_on = models.DateField(_("they were told on"), null=True, blank=True)
    told_how = models.TextField(_("how they were told"), blank=True, help_text=_("Seen by staff only."))
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("prepared by"), related_name="prepared_decisions"
    )
    prepared_at = models.DateTimeField(_("prepared at"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("last changed by"),
        null=True,
        related_name="+",
    )
    changed_at = models.DateTimeField(_("last changed at"), null=True)
    returned_because = models.TextField(_("returned because"), blank=True)
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("returned by"), null=True, related_name="+"
    )
    returned_at = models.DateTimeField(_("returned at"), null=True)
    withdrawn_because = models.TextField(_("withdrawn because"), blank=True, db_default="")
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("withdrawn by"), null=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("approved by"),
        null=True,
        related_name="approved_decisions",
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)
    status_change = models.OneToOneField(
        StatusChange, models.PROTECT, verbose_name=_("status change"), null=True, related_name="decision"
    )

    reason = InReadersLanguage("reason")
    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        permissions = [("approve_decision", _("Can approve decisions, which makes them public"))]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(approved_by__isnull=False, approved_at__isnull=False, status_change__isnull=False),
                name="decision_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | (~Q(status="") & Q(effective_on__isnull=False) & (~Q(reason_en="") | ~Q(reason_zh=""))),
                name="decision_complete_unless_draft",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned")
                | (~Q(returned_because="") & Q(returned_by__isnull=False, returned_at__isnull=False)),
                name="decision_returned_with_note",
                violation_error_message=_("Say what is to be changed."),
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn")
                | (~Q(withdrawn_because="") & Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False)),
                name="decision_withdrawn_with_reason",
                violation_error_message=_("Say why it is withdrawn."),
            ),
            models.CheckConstraint(
                condition=Q(told_on=None, told_how="") | Q(told_on__isnull=False) & ~Q(told_how=""),
                name="decision_told_when_and_how",
                violation_error_message=_("Say when and how they were told, or leave both empty."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record}: {self.get_status_display()}" if self.status else str(self.record)

    @property
    def names_status(self) -> bool:
        """Whether it says which status holds from when, as all but drafts must."""
        return bool(self.status) and self.effective_on is not None

    @property
    def waits(self) -> bool:
        """Whether it may still become public."""
        return self.state not in CLOSED_STATES


@tracked("response_edits")
class Response(Publishable):
    """What the actor says, dated. It stands beside the status and never edits it."""

    publishable_ptr = identity_link()
    record = models.ForeignKey(Record, models.PROTECT, verbose_name=_("record"), related_name="responses")
    actor = models.ForeignKey(Actor, models.PROTECT, verbose_name=_("actor"), related_name="responses")
    stated_on = PartialDateField(_("stated on"), blank=False)
    gist_en = models.TextField(_("what it says (English)"))
    gist_zh = models.TextField(_("what it says (Chinese)"))
    word_for_word = models.BooleanField(
        _("word for word"), default=False, help_text=_("Untick it when this is the gist in our words.")
    )
    disputes = models.BooleanField(_("disputes a status"), default=False)
    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("source"), related_name="responses")

    gist = InReadersLanguage("gist")
    collection = "responses"

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")

    def __str__(self) -> str:
        return f"{self.actor}: {self.gist}"
