"""Who's who, and the vocabulary."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from publishing.history import tracked
from publishing.languages import InReadersLanguage
from publishing.models import Publishable, identity_link

validate_country = RegexValidator(
    r"\A[A-Z]{2}\Z", _("A country is written by its two capital letters of ISO 3166-1, such as KR."), "country"
)
validate_wikidata = RegexValidator(r"\AQ[1-9]\d*\Z", _("A Wikidata id is a Q with digits, such as Q148."), "wikidata")


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is in the IANA time zone database."""
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is no time zone. Write one like Asia/Shanghai."), code="time_zone", params={"name": name}
        )


class ActorKind(models.TextChoices):
    STATE = "state", pgettext_lazy("kind of actor", "state")
    COMPANY = "company", _("company")
    INTERNATIONAL_ORGANIZATION = "international_organization", _("international organisation")
    REGIONAL_ORGANIZATION = "regional_organization", _("regional organisation")
    GOVERNMENT_BODY = "government_body", _("government body")
    RESEARCH_INSTITUTE = "research_institute", _("research institute")
    NGO = "ngo", _("non-governmental organisation")
    STANDARDS_BODY = "standards_body", _("standards body")
    PERSON = "person", _("person")


@tracked("actor_edits")
class Actor(Publishable):
    """Somebody who promises, hosts, proposes or is bound: a state, a company, an organisation, a person."""

    publishable_ptr = identity_link()
    kind = models.CharField(_("kind"), max_length=30, choices=ActorKind)
    name_en = models.CharField(_("name (English)"), max_length=300)
    name_zh = models.CharField(_("name (Chinese)"), max_length=300)
    short_name_en = models.CharField(_("short name (English)"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, validators=[validate_country], db_index=True)
    time_zone = models.CharField(
        _("time zone"),
        max_length=50,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("Where its deadlines end. Without one a day ends where it ends last on Earth."),
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("part of"), null=True, blank=True, related_name="parts"
    )
    members = models.ManyToManyField(
        "self", verbose_name=_("members"), symmetrical=False, blank=True, related_name="member_of"
    )
    wikidata = models.CharField(_("Wikidata id"), max_length=20, blank=True, validators=[validate_wikidata])
    website = models.URLField(_("website"), max_length=500, blank=True)
    note_en = models.TextField(_("note (English)"), blank=True)
    note_zh = models.TextField(_("note (Chinese)"), blank=True)

    name = InReadersLanguage("name")
    note = InReadersLanguage("note")
    collection = "actors"

    class Meta:
        verbose_name = _("actor")
        verbose_name_plural = _("actors")

    def __str__(self) -> str:
        return self.name or self.ref


@tracked("theme_edits")
class Theme(Publishable):
    """A word of the controlled vocabulary."""

    publishable_ptr = identity_link()
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("broader theme"), null=True, blank=True, related_name="narrower"
    )
    label_en = models.CharField(_("label (English)"), max_length=200)
    label_zh = models.CharField(_("label (Chinese)"), max_length=200)
    definition_en = models.TextField(_("definition (English)"))
    definition_zh = models.TextField(_("definition (Chinese)"))

    label = InReadersLanguage("label")
    definition = InReadersLanguage("definition")
    collection = "themes"

    class Meta:
        verbose_name = _("theme")
        verbose_name_plural = _("themes")

    def __str__(self) -> str:
        return self.label or self.ref
