from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Exists, OuterRef, Q, UniqueConstraint
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    ABANDONED = "abandoned", _("Abandoned: its process died")


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def scheduled(self) -> Self:
        return self.filter(manual=False)

    def done(self) -> Self:
        return self.filter(outcome=Outcome.DONE)

    def uneventful(self) -> Self:
        return self.done().filter(found=0, manual=False)

    def outdated(self, *, before: datetime) -> Self:
        """Runs that were started before that moment, without the last one that each job completed by schedule."""
        later = JobRun.objects.scheduled().done().filter(job=OuterRef("job"), finished_at__gt=OuterRef("started_at"))
        return self.filter(Exists(later.exclude(pk=OuterRef("pk"))), started_at__lt=before)


class JobRun(models.Model):
    """One job in one window: claimed, and then done or failed. Moments are UTC."""

    job = models.CharField(_("job"), max_length=100)
    window_start = models.DateTimeField(
        _("window"), help_text=_("The beginning of the period that this run answers for.")
    )
    manual = models.BooleanField(_("by hand"), default=False, help_text=_("Started by a person, with run_job."))
    as_of = models.DateTimeField(_("as of"), help_text=_("The moment that the job took for the present."))
    started_at = models.DateTimeField(_("started"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.RUNNING)
    found = models.PositiveIntegerField(
        _("found"), null=True, blank=True, help_text=_("How many things the job found or did.")
    )
    missed_windows = models.PositiveIntegerField(
        _("missed windows"),
        default=0,
        help_text=_("How many periods passed without a run before this one, which made up for them."),
    )
    failures = models.PositiveIntegerField(
        _("failures in a row"), default=0, help_text=_("How often the job failed since it was last done.")
    )
    retry_at = models.DateTimeField(
        _("next try"), null=True, blank=True, help_text=_("Before this moment a failed job is not tried again.")
    )
    error = models.TextField(_("error"), blank=True)

    objects = JobRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        default_permissions = ("view",)
        constraints = [
            UniqueConstraint(fields=["job", "window_start"], condition=Q(manual=False), name="jobrun_once_per_window"),
            CheckConstraint(condition=Q(outcome__in=Outcome.values), name="jobrun_known_outcome"),
            CheckConstraint(
                condition=Q(outcome=Outcome.RUNNING) | Q(finished_at__isnull=False), name="jobrun_ended_with_moment"
            ),
            CheckConstraint(condition=~Q(outcome=Outcome.DONE) | Q(found__isnull=False), name="jobrun_done_with_count"),
            CheckConstraint(condition=~Q(outcome=Outcome.FAILED) | ~Q(error=""), name="jobrun_failed_with_error"),
        ]
        indexes = [
            models.Index(
                fields=["job", "-finished_at"], condition=Q(outcome=Outcome.DONE, manual=False), name="jobrun_last_done"
            ),
            models.Index(fields=["-started_at", "-id"], name="jobrun_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.window_start:%Y-%m-%d %H:%M}"

    @property
    def duration(self) -> timedelta | None:
        """How long the run took; None while it runs."""
        return self.finished_at - self.started_at if self.finished_at else None


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> Self:
        return self.filter(closed_at=None)


class Incident(models.Model):
    """A time in which one job was not done: it was late, or failed again and again. Moments are UTC."""

    job = models.CharField(_("job"), max_length=100)
    failing = models.BooleanField(_("failing"), help_text=_("It fails; otherwise it is not completed in time."))
    error = models.TextField(_("error"), blank=True)
    completed_at = models.DateTimeField(_("last completed"), null=True)
    opened_at = models.DateTimeField(_("noticed at"))
    closed_at = models.DateTimeField(_("over"), null=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        default_permissions = ("view",)
        constraints = [
            UniqueConstraint(fields=["job"], condition=Q(closed_at=None), name="incident_one_open"),
        ]
        indexes = [models.Index(fields=["-opened_at", "-id"], name="incident_newest")]

    def __str__(self) -> str:
        return f"{self.job} {self.opened_at:%Y-%m-%d %H:%M}"
