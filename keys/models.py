"""Who has a key to the API. Of the key itself only a hash is kept, and of its owner only the address."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Language


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def working(self) -> Self:
        return self.filter(confirmed_at__isnull=False, revoked_at=None)

    def of(self, email: str) -> Self:
        """Those of one address, however its letters are cased."""
        return self.alias(address=Lower("email")).filter(address=email.lower())

    def never_confirmed(self, *, before: datetime) -> Self:
        return self.filter(confirmed_at=None, requested_at__lt=before)

    def revoked(self, *, before: datetime) -> Self:
        return self.filter(revoked_at__lt=before)


class ApiKey(models.Model):
    """A key, from the wish for it until it is revoked. It exists from the moment when its owner pressed the button."""

    link = models.UUIDField(_("link"), unique=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"))
    language = models.CharField(_("language"), max_length=10, choices=Language, default=Language.ENGLISH)
    prefix = models.CharField(_("begins with"), max_length=20, blank=True, editable=False)
    digest = models.CharField(_("SHA-256 of the key"), max_length=64, blank=True, editable=False)
    requested_at = models.DateTimeField(_("requested"))
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("key of the API")
        verbose_name_plural = _("keys of the API")
        default_permissions = ("view", "change")
        constraints = [
            UniqueConstraint(fields=["prefix"], condition=~Q(prefix=""), name="apikey_found_by_prefix"),
            CheckConstraint(
                condition=Q(confirmed_at=None, prefix="", digest="", revoked_at=None)
                | Q(confirmed_at__isnull=False, digest__regex="^[0-9a-f]{64}$") & ~Q(prefix=""),
                name="apikey_made_when_confirmed",
            ),
            CheckConstraint(condition=Q(language__in=Language.values), name="apikey_language_known"),
        ]
        indexes = [models.Index(Lower("email"), name="apikey_address")]

    def __str__(self) -> str:
        return self.prefix or str(self.link)

    @property
    def works(self) -> bool:
        return self.confirmed_at is not None and self.revoked_at is None
