"""Who works on the tracker, in which language and time zone."""

from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    """The languages that the interface and the mails exist in (codes as in settings.LANGUAGES)."""

    ENGLISH = "en", _("English")
    CHINESE = "zh-hans", _("Chinese (simplified)")


def validate_time_zone(name: str) -> None:
    """Accept a name of the IANA time zone database, such as Asia/Shanghai.

    Raises ValidationError for any other text.
    """
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is no time zone. Take a name such as UTC, Asia/Shanghai or Europe/Berlin."),
            code="unknown_time_zone",
            params={"name": name},
        )


class User(AbstractUser):
    """A member of staff. The public never sees who somebody is, only the role."""

    language = models.CharField(
        _("language"),
        max_length=10,
        choices=Language,
        default=Language.ENGLISH,
        help_text=_("The language of mails to this person."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text=_("A name such as Asia/Shanghai. Times in the admin are shown in it."),
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(language__in=Language.values), name="user_language_known"),
        ]
