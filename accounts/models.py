"""Who works on the tracker, in which language and time zone."""

from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role


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
    """A member of staff, who may enter the admin as long as the account is open and has a role.

    Accounts are closed, never deleted, because history names them. The public never sees who somebody is.
    """

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

    def has_role(self, *roles: Role) -> bool:
        """Whether this person has one of these roles; a superuser has all. One query."""
        return self.is_superuser or self.groups.filter(name__in=roles).exists()


def administrators() -> models.QuerySet[User]:
    """Return the open accounts of superusers and of those with the role of an administrator."""
    in_charge = models.Q(is_superuser=True) | models.Q(groups__name=Role.ADMINISTRATOR)
    return User.objects.filter(pk__in=User.objects.filter(in_charge, is_active=True).values("pk"))


class LogInOutcome(models.TextChoices):
    PASSWORD = "password", _("password accepted")
    CODE = "code", _("second factor accepted")
    WRONG_PASSWORD = "wrong_password", _("wrong name or password")
    WRONG_CODE = "wrong_code", _("wrong second factor")
    REFUSED = "refused", _("refused after too many tries")


FAILURES = (LogInOutcome.WRONG_PASSWORD, LogInOutcome.WRONG_CODE)


class LogIn(models.Model):
    """One try to log in. `username` is what was typed, `user` whose it is, if anybody's."""

    at = models.DateTimeField(_("at"))
    username = models.CharField(_("name as typed"), max_length=150)
    user = models.ForeignKey(User, models.PROTECT, verbose_name=_("account"), null=True, related_name="log_ins")
    address = models.GenericIPAddressField(_("address"), null=True)
    outcome = models.CharField(_("outcome"), max_length=20, choices=LogInOutcome)

    class Meta:
        verbose_name = _("log-in")
        verbose_name_plural = _("log-ins")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=models.Q(outcome__in=LogInOutcome.values), name="login_outcome_known"),
        ]
        indexes = [
            models.Index(fields=["username", "address", "-at"], name="login_tries"),
            models.Index(fields=["-at", "-id"], name="login_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.at:%Y-%m-%d %H:%M}"


class PasswordLink(models.Model):
    """A mail with a link to choose a password that somebody is to get; `written_at` is when it went to the outbox."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name=_("account"), related_name="password_links")
    asked_at = models.DateTimeField(_("asked for at"))
    written_at = models.DateTimeField(_("written"), null=True)

    class Meta:
        verbose_name = _("password link")
        verbose_name_plural = _("password links")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(written_at=None), name="passwordlink_waits_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.asked_at:%Y-%m-%d %H:%M}"
