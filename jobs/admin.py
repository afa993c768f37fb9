from __future__ import annotations

from datetime import timedelta

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jobs.models import JobRun
from jobs.registry import JOBS


class JobFilter(admin.SimpleListFilter):
    title = _("job")
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[JobRun]) -> list[tuple[str, str]]:
        return [(job.name, str(job.summary)) for job in sorted(JOBS.values(), key=lambda job: job.name)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[JobRun]) -> QuerySet[JobRun]:
        return queryset.filter(job=self.value()) if self.value() else queryset


@admin.register(JobRun)
class JobRunAdmin(admin.ModelAdmin):
    """What the jobs did, to be read only: a run is evidence of what happened."""

    list_display = ["job", "summary", "window_start", "started_at", "outcome", "found", "duration", "missed_windows"]
    list_filter = ["outcome", JobFilter, "manual", "started_at"]
    search_fields = ["job", "error"]
    ordering = ["-started_at", "-id"]
    show_full_result_count = False

    @admin.display(description=_("what it does"))
    def summary(self, run: JobRun) -> str:
        return str(JOBS[run.job].summary) if run.job in JOBS else gettext("This job exists no more.")

    @admin.display(description=_("duration"), empty_value="–")
    def duration(self, run: JobRun) -> timedelta | None:
        return run.duration

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: JobRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: JobRun | None = None) -> bool:
        return False
