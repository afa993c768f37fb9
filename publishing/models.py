"""Identity and state of every public thing, its documents, and the ledger of all publications."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from publishing.history import tracked

REF_PATTERN = r"[a-z][a-z0-9.-]*"
validate_shape_of_ref = RegexValidator(
    rf"\A{REF_PATTERN}\Z", _("A ref is lower case letters, digits, “-” and “.”, and starts with a letter."), "ref"
)
# In the API these stand where a ref would: /api/v1/pledges/facets/.
SUB_PATHS = ("changes", "citation", "facets", "history", "proof")


def validate_ref(value: str) -> None:
    """Raise ValidationError for what cannot be a ref: its shape is wrong, or it is part of the API's addresses."""
    validate_shape_of_ref(value)
    if value in SUB_PATHS:
        message = _("“%(ref)s” is a part of the API's addresses and cannot be a ref; add a word to it.")
        raise ValidationError(message, "ref", {"ref": value})


class PublicationState(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    UNPUBLISHED = "unpublished", _("unpublished")
    # Another thing has taken its place, or that of what it hangs on. Earlier versions show it as it stood.
    MERGED = "merged", pgettext_lazy("of a thing", "merged")


NOT_PUBLIC_ANY_MORE = (PublicationState.UNPUBLISHED, PublicationState.MERGED)


class PublishableQuerySet(models.QuerySet):
    def public(self) -> Self:
        """What everybody may see now."""
        return self.filter(state=PublicationState.PUBLISHED)

    def drafts(self) -> Self:
        return self.filter(state=PublicationState.DRAFT)


# Changes of the state stand in the ledger.
@tracked(
    "publishable_edits",
    but=["state", "unpublished_note_en", "unpublished_note_zh"],
    without=["prepared_by", "merged_into"],
)
class Publishable(models.Model):
    """One row for every public thing of any kind: its permanent name, its kind and whether it is public.

    The domain's models are its children, so a link to "any public thing" is an ordinary foreign key to it.
    """

    ref = models.CharField(
        _("ref"),
        max_length=200,
        validators=[validate_ref],
        help_text=_("Permanent id, the same in every language and format. It cannot be changed once it is public."),
    )
    resource = models.CharField(_("resource"), max_length=30, editable=False)
    state = models.CharField(
        pgettext_lazy("of publication", "state"),
        max_length=12,
        choices=PublicationState,
        default=PublicationState.DRAFT,
        editable=False,
    )
    unpublished_note_en = models.TextField(_("why it was unpublished (English)"), blank=True, editable=False)
    unpublished_note_zh = models.TextField(_("why it was unpublished (Chinese)"), blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("merged into"),
        null=True,
        editable=False,
        related_name="merged_from",
        db_index=False,
    )
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("prepared by"),
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text=_("Who edited it last since it was published; empty when nothing of it waits to be public."),
    )
    sources = models.ManyToManyField(
        "self",
        verbose_name=_("sources"),
        symmetrical=False,
        related_name="cited_by",
        blank=True,
        limit_choices_to={"resource": "sources"},
        help_text=_("The pages and documents that this was read from."),
    )

    # The name of the model's resource: the collection in the API.
    collection: ClassVar[str] = ""

    objects = PublishableQuerySet.as_manager()

    class Meta:
        verbose_name = _("public thing")
        verbose_name_plural = _("public things")
        permissions = [
            ("publish_publishable", "Can publish, revise and unpublish"),
            ("translate_publishable", "Can change texts that stand in both languages"),
        ]
        indexes = [
            models.Index(fields=["resource", "ref"], condition=Q(state="published"), name="publishable_public"),
            # Whose documents an earlier version can show; lists of it are walked along their refs.
            models.Index(
                fields=["resource", "ref"], condition=Q(state__in=["published", "merged"]), name="publishable_shown"
            ),
            models.Index(fields=["id"], condition=Q(state="unpublished"), name="publishable_unpublished"),
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="publishable_merged_into"
            ),
        ]
        constraints = [
            # Not `unique=True`, which would bring a second index for LIKE that nothing needs.
            models.UniqueConstraint(
                fields=["ref"], name="publishable_ref_once", violation_error_message=_("This ref is taken.")
            ),
            models.CheckConstraint(condition=Q(ref__regex=rf"^{REF_PATTERN}$"), name="publishable_ref_shape"),
            models.CheckConstraint(condition=~Q(ref__in=SUB_PATHS), name="publishable_ref_no_path"),
            models.CheckConstraint(condition=Q(state__in=PublicationState.values), name="publishable_state_known"),
            models.CheckConstraint(
                condition=~Q(state="unpublished") | ~Q(unpublished_note_en="") | ~Q(unpublished_note_zh=""),
                name="publishable_unpublished_with_note",
                violation_error_message=_("Say why it is unpublished."),
            ),
            # That it is of the same kind and not merged itself is a trigger, in sql/merging.sql.
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(state="merged") & ~Q(merged_into=F("pk")),
                name="publishable_merged_into_another",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it under the name of its own resource."""
        self.resource = self.resource or self.collection
        super().save(*args, **kwargs)

    @property
    def is_public(self) -> bool:
        return self.state == PublicationState.PUBLISHED


def identity_link() -> models.OneToOneField:
    """Return the link of a child to its row in Publishable; from there the child is `as_<model>`.

    Django's own name for it, the model's, would clash with the links that go by that name (an actor, a source).
    """
    return models.OneToOneField(
        Publishable, models.CASCADE, parent_link=True, primary_key=True, related_name="as_%(class)s"
    )


class Act(models.TextChoices):
    """What somebody did in one go: one act is one transaction and one change id."""

    IMPORT = "import", _("import")
    PUBLISH = "publish", _("publication")
    UNPUBLISH = "unpublish", _("unpublication")
    MERGE = "merge", _("merger")
    SEPARATE = "separate", _("undoing of a merger")
    REDACT = "redact", _("redaction")
    DECIDE = "decide", _("decision")
    CORRECT = "correct", _("correction")
    REVISE_METHOD = "revise_method", _("revision of the method")
    REDECLARE = "redeclare", _("change of what is published")
    RECUR = "recur", _("next period of what comes round again")


class Change(models.Model):
    """One act, and the positions of the ledger that it wrote. Who did it is for staff only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    act = models.CharField(_("act"), max_length=20, choices=Act)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("by"),
        null=True,
        related_name="changes",
        help_text=_("Staff are never named in public."),
    )
    first_seq = models.BigIntegerField(_("first position"), unique=True)
    last_seq = models.BigIntegerField(_("last position"), unique=True)
    recorded_at = models.DateTimeField(_("recorded at"), db_index=True)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        constraints = [models.CheckConstraint(condition=Q(first_seq__lte=F("last_seq")), name="change_in_order")]

    def __str__(self) -> str:
        return f"{self.first_seq}–{self.last_seq}"


class Action(models.TextChoices):
    """What a row of the ledger says was done to one thing."""

    PUBLISHED = "published", _("published")
    REVISED = "revised", _("revised")
    UNPUBLISHED = "unpublished", _("unpublished")
    MERGED = "merged", pgettext_lazy("of a thing", "merged")
    ABSORBED = "absorbed", _("took another one in")
    REDACTED = "redacted", _("redacted")


class LedgerEntry(models.Model):
    """One position of the append-only, hash-chained ledger. docs/ledger.md has the format."""

    seq = models.BigIntegerField(_("position"), primary_key=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    action = models.CharField(_("action"), max_length=12, choices=Action)
    resource = models.CharField(_("resource"), max_length=30)
    ref = models.CharField(_("ref"), max_length=200)
    # What these links point to is checked by the triggers in sql/ledger.sql, for all rows of a statement at once.
    change = models.ForeignKey(
        Change,
        models.PROTECT,
        verbose_name=_("change"),
        related_name="entries",
        db_constraint=False,
        db_index=False,
    )
    document_hash = models.CharField(_("hash of the document"), max_length=64, blank=True)
    previous_hash = models.CharField(_("hash of the position before"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        indexes = [models.Index(fields=["ref", "seq"], name="ledger_of_thing")]

    def __str__(self) -> str:
        return f"{self.seq} {self.action} {self.ref}"


class DocumentQuerySet(models.QuerySet):
    def current(self) -> Self:
        return self.filter(until_seq=None)

    def at(self, version: int) -> Self:
        """The documents that stood at a data version (a position of the ledger)."""
        return self.filter(Q(until_seq=None) | Q(until_seq__gt=version), entry__lte=version)

    def shown(self) -> Self:
        """Without those of what was unpublished; what was merged is still shown as it stood before."""
        return self.filter(thing__state__in=[PublicationState.PUBLISHED, PublicationState.MERGED])


class Document(models.Model):
    """The public fields of one thing, as they stood from one ledger position until another."""

    entry = models.OneToOneField(
        LedgerEntry,
        models.PROTECT,
        primary_key=True,
        db_column="from_seq",
        related_name="document",
        db_constraint=False,
    )
    until_seq = models.BigIntegerField(_("until position"), null=True)
    thing = models.ForeignKey(
        Publishable,
        models.PROTECT,
        verbose_name=_("public thing"),
        related_name="documents",
        db_constraint=False,
        db_index=False,
    )
    salt = models.BinaryField(_("salt"), max_length=16)
    body = models.JSONField(_("document"))
    search = models.GeneratedField(
        expression=models.Func("body", function="publishing_search_vector"),
        output_field=SearchVectorField(null=True),
        db_persist=True,
    )

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        indexes = [
            # New entries wait in a list of up to 8 MB, which makes loading ten times as fast.
            GinIndex(
                fields=["search"],
                condition=Q(search__isnull=False),
                name="document_search",
                gin_pending_list_limit=8192,
            )
        ]
        constraints = [
            # One document of a thing stands; the same index finds those of earlier versions.
            models.UniqueConstraint(fields=["thing", "until_seq"], nulls_distinct=False, name="document_standing_once"),
            models.CheckConstraint(
                condition=Q(until_seq=None) | Q(until_seq__gt=F("entry")), name="document_positions_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.thing} @{self.pk}"


class SignedHead(models.Model):
    """The last position of the ledger as it stood when a day (UTC) began, signed. Nothing changes or removes it."""

    day = models.DateField(_("day"), primary_key=True)
    seq = models.BigIntegerField(_("position"))
    hash = models.CharField(_("hash"), max_length=64)
    signed_at = models.DateTimeField(_("signed at"))
    public_key = models.CharField(
        _("public key"), max_length=60, help_text=_("Ed25519, as PEM has it between its lines.")
    )
    signature = models.CharField(_("signature"), max_length=88, help_text=_("Ed25519, in base64."))

    class Meta:
        verbose_name = _("signed head")
        verbose_name_plural = _("signed heads")

    def __str__(self) -> str:
        return f"{self.day} {self.seq}"

    @property
    def statement(self) -> str:
        """What is signed, as UTF-8: one line without an end."""
        return f"pactwatch head {self.day.isoformat()} {self.seq}:{self.hash}"


class PendingState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("an edit", "waiting")
    PUBLISHED = "published", _("published")
    DISCARDED = "discarded", _("discarded")


class PendingEdit(models.Model):
    """An edit of a public thing that waits for somebody who may publish it.

    The thing's row stays as it is public until then. `form` is what was typed, `differences` what the public would see.
    """

    thing = models.ForeignKey(Publishable, models.PROTECT, verbose_name=_("public thing"), related_name="pending_edits")
    form = models.JSONField(_("form"))
    differences = models.JSONField(_("differences"))
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("prepared by"), related_name="pending_edits"
    )
    prepared_at = models.DateTimeField(_("prepared at"))
    state = models.CharField(
        pgettext_lazy("of an edit", "state"), max_length=10, choices=PendingState, default=PendingState.WAITING
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("closed by"), null=True, related_name="+"
    )
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta:
        verbose_name = _("edit that waits")
        verbose_name_plural = _("edits that wait")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(state__in=PendingState.values), name="pendingedit_state_known"),
            models.CheckConstraint(
                condition=Q(state="waiting", closed_by=None, closed_at=None)
                | (~Q(state="waiting") & Q(closed_by__isnull=False, closed_at__isnull=False)),
                name="pendingedit_closed_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["thing", "prepared_by"], condition=Q(state="waiting"), name="pendingedit_one_of_each"
            ),
        ]
        indexes = [models.Index(fields=["-prepared_at", "-id"], name="pendingedit_newest")]

    def __str__(self) -> str:
        return self.thing.ref


class MergerState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("a merger", "waiting")
    MERGED = "merged", pgettext_lazy("of a merger", "merged")
    DISCARDED = "discarded", pgettext_lazy("of a merger", "discarded")
    UNDONE = "undone", pgettext_lazy("of a merger", "undone")


class MergerQuerySet(models.QuerySet):
    def standing_at(self, version: int) -> Self:
        """Those that were done and not undone at a data version."""
        return self.filter(Q(undone_in=None) | Q(undone_in__first_seq__gt=version), done_in__last_seq__lte=version)


class Merger(models.Model):
    """That one thing turned out to be the same as another: prepared by one person, done by another, and undone.

    `outcome` keeps what it moved and what went, by key, so that it can be undone.
    """

    old = models.ForeignKey(Publishable, models.PROTECT, verbose_name=_("what goes"), related_name="mergers")
    into = models.ForeignKey(Publishable, models.PROTECT, verbose_name=_("what stays"), related_name="mergers_into_it")
    note_en = models.TextField(_("note (English)"), blank=True)
    note_zh = models.TextField(_("note (Chinese)"), blank=True)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("prepared by"), related_name="prepared_mergers"
    )
    prepared_at = models.DateTimeField(_("prepared at"))
    state = models.CharField(
        pgettext_lazy("of a merger", "state"), max_length=10, choices=MergerState, default=MergerState.WAITING
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("closed by"), null=True, related_name="+"
    )
    closed_at = models.DateTimeField(_("closed at"), null=True)
    done_in = models.OneToOneField(Change, models.PROTECT, verbose_name=_("done in"), null=True, related_name="merger")
    undone_in = models.OneToOneField(
        Change, models.PROTECT, verbose_name=_("undone in"), null=True, related_name="undone_merger"
    )
    outcome = models.JSONField(_("what it moved"), default=dict)

    objects = MergerQuerySet.as_manager()

    class Meta:
        verbose_name = _("merger")
        verbose_name_plural = _("mergers")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MergerState.values), name="merger_state_known"),
            models.CheckConstraint(condition=~Q(old=F("into")), name="merger_of_two"),
            models.CheckConstraint(
                condition=Q(state="waiting", closed_by=None, closed_at=None, done_in=None, undone_in=None)
                | Q(state="discarded", closed_by__isnull=False, closed_at__isnull=False, done_in=None, undone_in=None)
                | Q(
                    state="merged",
                    closed_by__isnull=False,
                    closed_at__isnull=False,
                    done_in__isnull=False,
                    undone_in=None,
                )
                | Q(
                    state="undone",
                    closed_by__isnull=False,
                    closed_at__isnull=False,
                    done_in__isnull=False,
                    undone_in__isnull=False,
                ),
                name="merger_as_far_as_it_is",
            ),
            models.UniqueConstraint(
                fields=["old"], condition=Q(state__in=["waiting", "merged"]), name="merger_one_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["-prepared_at", "-id"], name="merger_newest")]

    def __str__(self) -> str:
        return f"{self.old} → {self.into}"


class Redaction(models.Model):
    """What was taken out of the documents of a thing, and why. Nothing changes or removes it.

    It is the document of its own position of the ledger, hashed with its own salt: it names the documents by their
    positions, the fields in each, and the hash of each as it is now with its new salt.
    """

    entry = models.OneToOneField(
        LedgerEntry,
        models.PROTECT,
        primary_key=True,
        db_column="seq",
        related_name="redaction",
        db_constraint=False,
    )
    thing = models.ForeignKey(Publishable, models.PROTECT, verbose_name=_("public thing"), related_name="redactions")
    salt = models.BinaryField(_("salt"), max_length=16)
    body = models.JSONField(_("redaction"))

    class Meta:
        verbose_name = _("redaction")
        verbose_name_plural = _("redactions")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.thing} @{self.pk}"


class RedactionState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("a redaction", "waiting")
    DONE = "done", pgettext_lazy("of a redaction", "done")
    DISCARDED = "discarded", pgettext_lazy("of a redaction", "discarded")


class PendingRedaction(models.Model):
    """That texts of a thing must not stay public: prepared by one person, done or discarded by another.

    It names the fields and holds none of their texts.
    """

    thing = models.ForeignKey(
        Publishable, models.PROTECT, verbose_name=_("public thing"), related_name="pending_redactions"
    )
    fields = models.JSONField(_("fields"))
    also_present = models.BooleanField(_("also as it stands now"), default=False)
    note_en = models.CharField(_("note (English)"), max_length=150, blank=True)
    note_zh = models.CharField(_("note (Chinese)"), max_length=150, blank=True)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("prepared by"), related_name="prepared_redactions"
    )
    prepared_at = models.DateTimeField(_("prepared at"))
    state = models.CharField(
        pgettext_lazy("of a redaction", "state"),
        max_length=10,
        choices=RedactionState,
        default=RedactionState.WAITING,
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("closed by"), null=True, related_name="+"
    )
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta:
        verbose_name = _("redaction in preparation")
        verbose_name_plural = _("redactions in preparation")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RedactionState.values), name="pendingredaction_state_known"),
            models.CheckConstraint(
                condition=Q(state="waiting", closed_by=None, closed_at=None)
                | ~Q(state="waiting") & Q(closed_by__isnull=False, closed_at__isnull=False),
                name="pendingredaction_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(note_en="") | ~Q(note_zh=""),
                name="pendingredaction_with_note",
                violation_error_message=_("Say why it is redacted."),
            ),
        ]
        indexes = [models.Index(fields=["-prepared_at", "-id"], name="pendingredaction_newest")]

    def __str__(self) -> str:
        return self.thing.ref
