from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from jobs.health import last_completed
from jobs.registry import JOBS


class Command(BaseCommand):
    help = _("Lists the jobs: how often each runs, when it was last completed, and what it is for.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        rows = [(_("JOB"), _("EVERY"), _("QUEUE"), _("LAST COMPLETED"), _("WHAT IT DOES"))]
        for state in last_completed(now=now, up_since=now):
            job = JOBS[state.job]
            rows.append(
                (
                    job.name,
                    timesince(now - job.every, now).replace("\N{NO-BREAK SPACE}", " "),
                    job.queue,
                    f"{state.completed_at:%Y-%m-%dT%H:%M:%SZ}" if state.completed_at else _("never"),
                    str(job.summary),
                )
            )
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True)]
            self.stdout.write("  ".join([*cells, row[4]]))
