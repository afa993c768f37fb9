from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jobs.health import last_completed
from jobs.models import Incident, JobRun
from jobs.registry import JOBS


class JobFilter(admin.SimpleListFilter):
    title = _("job")
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[JobRun]) -> list[tuple[str, str]]:
        return [(job.name, str(job.summary)) for job in sorted(JOBS.values(), key=lambda job: job.name)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[JobRun]) -> QuerySet[JobRun]:
        return queryset.filter(job=self.value()) if self.value() else queryset


class LookedAt(admin.ModelAdmin):
    """What nobody writes by hand."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(JobRun)
class JobRunAdmin(LookedAt):
    """What the jobs did, to be read only: a run is evidence of what happened."""

    list_display = ["job", "summary", "window_start", "started_at", "outcome", "found", "duration", "missed_windows"]
    list_filter = ["outcome", JobFilter, "manual", "started_at"]
    search_fields = ["job", "error"]
    ordering = ["-started_at", "-id"]
    change_list_template = "admin/jobs/runs.html"

    @admin.display(description=_("what it does"))
    def summary(self, run: JobRun) -> str:
        return str(JOBS[run.job].summary) if run.job in JOBS else gettext("This job exists no more.")

    @admin.display(description=_("duration"), empty_value="–")
    def duration(self, run: JobRun) -> timedelta | None:
        return run.duration

    def get_urls(self) -> list[URLPattern]:
        overview = path("overview/", self.admin_site.admin_view(self.overview), name="jobs_jobrun_overview")
        return [overview, *super().get_urls()]

    def overview(self, request: HttpRequest) -> HttpResponse:
        """Show all jobs, those that never ran too: when each was last completed, what it found and how late it is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        rows = [
            {
                "state": state,
                "summary": JOBS[state.job].summary,
                "queue": JOBS[state.job].queue,
                "every": timesince(now - state.every, now),
                "late_by": timesince(now - state.late_by, now) if state.late and state.completed_at else "",
                "ago": timesince(state.completed_at, now, depth=1) if state.completed_at else "",
            }
            for state in last_completed(now=now, up_since=datetime.min.replace(tzinfo=UTC))
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Jobs"),
            "opts": self.opts,
            "rows": rows,
            "incidents": Incident.objects.open().count(),
        }
        return TemplateResponse(request, "admin/jobs/overview.html", context)


@admin.register(Incident)
class IncidentAdmin(LookedAt):
    """Times in which a job was not done, of which administrators were told."""

    list_display = ["job", "failing", "opened_at", "closed_at", "completed_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter), "failing", "opened_at"]
    search_fields = ["job", "error"]
    ordering = ["-opened_at", "-id"]
