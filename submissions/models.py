"""What readers sent in: a finding for the desk, and a receipt by which the sender follows what becomes of it."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Language
from tracking.models import Finding


class SubmissionKind(models.TextChoices):
    EVIDENCE = "evidence", _("evidence")
    CORRECTION = "correction", _("correction")


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def dealt_with(self, *, before: datetime) -> Self:
        return self.filter(finding__closed_at__lt=before)


class Submission(models.Model):
    """Something sent in. The sender's words stand in the finding, for the desk only."""

    receipt = models.UUIDField(_("receipt"), unique=True, default=uuid.uuid4, editable=False)
    finding = models.OneToOneField(Finding, models.PROTECT, verbose_name=_("finding"), related_name="submission")
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"), blank=True)
    language = models.CharField(_("language"), max_length=10, choices=Language, default=Language.ENGLISH)
    received_at = models.DateTimeField(_("received"))

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        default_permissions = ()
        constraints = [
            CheckConstraint(condition=Q(language__in=Language.values), name="submission_language_known"),
        ]

    def __str__(self) -> str:
        return str(self.receipt)
