"""Pages, feeds and documents somewhere else, the places in them, and where their language versions differ."""

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from publishing.dates import PartialDateField
from publishing.history import tracked
from publishing.languages import InReadersLanguage
from publishing.models import Publishable, identity_link


class Sha256(models.Func):
    """The hex SHA-256 of a text in UTF-8, as the database computes it."""

    template = "encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"
    output_field = models.CharField()


validate_web_address = URLValidator(schemes=["http", "https"])


class Language(models.TextChoices):
    """Languages of sources and quotes, by ISO 639-1."""

    EN = "en", _("English")
    ZH = "zh", _("Chinese")
    AR = "ar", _("Arabic")
    DE = "de", _("German")
    ES = "es", _("Spanish")
    FR = "fr", _("French")
    IT = "it", _("Italian")
    JA = "ja", _("Japanese")
    KO = "ko", _("Korean")
    NL = "nl", _("Dutch")
    PT = "pt", _("Portuguese")
    RU = "ru", _("Russian")


class SourceKind(models.TextChoices):
    PAGE = "page", _("web page")
    PDF = "pdf", _("PDF")
    FEED = "feed", _("feed")
    JSON = "json", _("JSON")
    DOCUMENT = "document", _("document without a public address")


class SourceRole(models.TextChoices):
    OFFICIAL = "official", _("official")
    PRESS = "press", _("press")
    RESEARCH = "research", _("research")
    CIVIL_SOCIETY = "civil_society", _("civil society")
    OTHER = "other", _("other")


@tracked("source_edits")
class Source(Publishable):
    """A page, feed or document that something was read from."""

    publishable_ptr = identity_link()
    kind = models.CharField(_("kind"), max_length=10, choices=SourceKind)
    url = models.URLField(_("address"), max_length=2000, blank=True, validators=[validate_web_address])
    title = models.CharField(_("title"), max_length=500)
    publisher = models.CharField(_("publisher"), max_length=300, blank=True)
    lang = models.CharField(_("language"), max_length=2, choices=Language)
    published_on = PartialDateField(_("published on"))
    read_on = models.DateField(_("read on"), null=True, blank=True)
    role = models.CharField(_("role"), max_length=15, choices=SourceRole, default=SourceRole.OTHER)
    watch = models.BooleanField(
        _("watch"), default=False, help_text=_("Whether a change of this page should become a finding.")
    )
    note_en = models.TextField(_("note (English)"), blank=True)
    note_zh = models.TextField(_("note (Chinese)"), blank=True)

    note = InReadersLanguage("note")
    collection = "sources"

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="document") | ~Q(url=""),
                name="source_with_address",
                violation_error_message=_("Give the address; only a document may be without one."),
            )
        ]

    def __str__(self) -> str:
        return self.title or self.ref


class Snapshot(models.Model):
    """The text of a source as it stood when it was looked at. It is kept once, and never altered."""

    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("source"), related_name="snapshots")
    taken_at = models.DateTimeField(_("taken at"))
    hash = models.CharField(_("hash"), max_length=64, help_text=_("SHA-256 of the text in UTF-8."))
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        constraints = [
            models.UniqueConstraint(fields=["source", "hash"], name="snapshot_once"),
            # So that evidence can point at a snapshot of its own source only.
            models.UniqueConstraint(fields=["id", "source"], name="snapshot_of_source"),
            models.CheckConstraint(condition=Q(hash=Sha256("text")), name="snapshot_hash_of_text"),
        ]

    def __str__(self) -> str:
        return f"{self.source} · {self.taken_at:%Y-%m-%d} · {self.hash[:12]}"


class Check(models.Model):
    """One visit to a source, by a person or by a job, and what was found there."""

    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("source"), related_name="checks", db_index=False)
    checked_at = models.DateTimeField(_("checked at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("by"),
        null=True,
        related_name="+",
        help_text=_("Empty when a job looked."),
    )
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    address = models.CharField(_("address that answered"), max_length=2000, blank=True)
    etag = models.CharField(_("ETag"), max_length=500, blank=True)
    last_modified = models.CharField(_("Last-Modified"), max_length=100, blank=True)
    error = models.TextField(_("error"), blank=True)
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, verbose_name=_("snapshot"), null=True, related_name="checks")

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        indexes = [models.Index(fields=["source", "-checked_at"], name="check_newest_of_source")]

    def __str__(self) -> str:
        return f"{self.source} · {self.checked_at:%Y-%m-%d %H:%M}"


@tracked("passage_edits")
class Passage(Publishable):
    """A place in one language version of a source, and what it says in our words."""

    publishable_ptr = identity_link()
    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("source"), related_name="passages")
    lang = models.CharField(_("language"), max_length=2, choices=Language)
    locator = models.CharField(_("where"), max_length=200, help_text=_("Paragraph number or heading."))
    gist_en = models.TextField(_("what it says (English)"))
    gist_zh = models.TextField(_("what it says (Chinese)"))

    gist = InReadersLanguage("gist")
    collection = "passages"

    class Meta:
        verbose_name = _("passage")
        verbose_name_plural = _("passages")

    def __str__(self) -> str:
        return f"{self.lang} · {self.locator}"


@tracked("divergence_edits")
class Divergence(Publishable):
    """What one language version of a text says and the other does not."""

    publishable_ptr = identity_link()
    subject = models.ForeignKey(
        Publishable,
        models.PROTECT,
        verbose_name=_("subject"),
        null=True,
        blank=True,
        related_name="divergences_about",
        help_text=_("What the difference is about, if it is in the tracker."),
    )
    only_in = models.CharField(_("only in"), max_length=2, choices=Language)
    passages = models.ManyToManyField(Passage, verbose_name=_("passages"), blank=True, related_name="divergences")
    summary_en = models.TextField(_("summary (English)"))
    summary_zh = models.TextField(_("summary (Chinese)"))

    summary = InReadersLanguage("summary")
    collection = "divergences"

    class Meta:
        verbose_name = _("divergence")
        verbose_name_plural = _("divergences")

    def __str__(self) -> str:
        return self.ref
