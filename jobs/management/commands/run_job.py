import resource
import time
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.models import JobRun, Outcome
from jobs.registry import JOBS, UnknownJob, get_job
from jobs.running import JobBusy, run_by_hand

FIRST_YEAR, LAST_YEAR = 1970, 2199


class Command(BaseCommand):
    help = _(
        "Runs one job now, in this process, and says what it found; or with --all each of them, and says how long it"
        " took. The timetable runs them all the same. `manage.py jobs` lists the names."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("name", metavar="NAME", nargs="?", help=_("The name of the job."))
        which.add_argument("--all", action="store_true", help=_("Run all jobs, one after the other."))
        parser.add_argument(
            "--at",
            metavar="MOMENT",
            help=_(
                "Run it as if it were this moment (ISO 8601). A date, 2026-12-01, is the first moment of that day; "
                "a moment without an offset, 2026-12-01T09:30, is in UTC. Without --at: now."
            ),
        )

    def handle(self, *args: Any, name: str | None, at: str | None, **options: Any) -> None:
        as_of = timezone.now() if at is None else _parse_moment(at)
        if options["all"]:
            self.run_all(as_of)
            return
        run = _run(name or "", as_of)
        self.stdout.write(
            ngettext(
                "The job “%(name)s” found or did %(found)d thing as of %(moment)s.",
                "The job “%(name)s” found or did %(found)d things as of %(moment)s.",
                run.found or 0,
            )
            % {"name": name, "found": run.found, "moment": f"{run.as_of:%Y-%m-%dT%H:%M:%SZ}"}
        )

    def run_all(self, as_of: datetime) -> None:
        """Run every job; one that fails keeps none from running."""
        began, failures = time.monotonic(), []
        for name in sorted(JOBS):
            started = time.monotonic()
            try:
                told = str(_run(name, as_of).found)
            except CommandError as failure:
                failures.append(str(failure))
                told = _("failed")
            self.stdout.write(f"{name.ljust(30)} {told.rjust(8)} {time.monotonic() - started:8.2f} s")
        self.stdout.write(
            _("All jobs took %(seconds).1f s; this process had at most %(megabytes)d MB of memory.")
            % {
                "seconds": time.monotonic() - began,
                "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
        if failures:
            raise CommandError("\n".join(failures))


def _run(name: str, as_of: datetime) -> JobRun:
    """Run a job by hand. Raises CommandError when it does not exist, is running elsewhere, or fails."""
    try:
        run = run_by_hand(job=get_job(name), as_of=as_of)
    except UnknownJob as unknown:
        if unknown.nearest is None:
            raise CommandError(
                _("There is no job “%(name)s”. “manage.py jobs” lists them.") % {"name": name}
            ) from unknown
        raise CommandError(
            _("There is no job “%(name)s”. Did you mean “%(nearest)s”? “manage.py jobs” lists them.")
            % {"name": name, "nearest": unknown.nearest}
        ) from unknown
    except JobBusy as busy:
        raise CommandError(
            _("The job “%(name)s” is running in another process. Try again when it has ended.") % {"name": name}
        ) from busy
    if run.outcome == Outcome.FAILED:
        raise CommandError(
            _("The job “%(name)s” failed as of %(moment)s: %(error)s")
            % {"name": name, "moment": f"{run.as_of:%Y-%m-%dT%H:%M:%SZ}", "error": run.error}
        )
    return run


def _parse_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise CommandError(
            _("“%(text)s” is not a moment between %(first)d and %(last)d. Write 2026-12-01 or 2026-12-01T09:30Z, say.")
            % {"text": text, "first": FIRST_YEAR, "last": LAST_YEAR}
        )
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
