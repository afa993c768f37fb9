"""Load records from folders of YAML, CSV or XLSX."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from publishing.errors import DomainError
from publishing.importing import Plan, apply_plan, plan_import


class Command(BaseCommand):
    help = (
        "Load records from files named after what they hold (actors.yaml, pledges.csv, …) and publish them as one"
        " change. Loading the same again changes nothing. With a single mistake nothing at all is written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder that is searched")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what is new, changed and unchanged, write nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        plan = plan_import(options["paths"], processes=len(os.sched_getaffinity(0)))
        if not plan.is_sound:
            for problem in plan.problems:
                self.stderr.write(str(problem))
            raise CommandError(_("Nothing was loaded: %(count)d mistakes.") % {"count": len(plan.problems)})
        self.show(plan)
        if options["dry_run"]:
            return
        try:
            change = apply_plan(plan)
        except DomainError as refused:
            raise CommandError(str(refused)) from refused
        if change is None:
            self.stdout.write(_("Everything was there already."))
        else:
            self.stdout.write(
                _("Loaded as change %(id)s, positions %(first)d to %(last)d of the ledger.")
                % {"id": change.pk, "first": change.first_seq, "last": change.last_seq}
            )

    def show(self, plan: Plan) -> None:
        for resource, counts in plan.counts.items():
            self.stdout.write(
                _("%(resource)-16s %(new)7d new %(changed)7d changed %(unchanged)7d unchanged")
                % {
                    "resource": resource,
                    "new": counts["new"],
                    "changed": counts["changed"],
                    "unchanged": counts["unchanged"],
                }
            )
