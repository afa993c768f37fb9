"""Verify the ledger and everything that rests on it."""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from publishing.verifying import Broken, verify


class Command(BaseCommand):
    help = (
        "Rebuild the chain, the documents' hashes, the status spans and every public row, and compare. Names the first"
        " broken one and exits with 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head", metavar="SEQ:HASH", help="a head that was kept elsewhere; shows whether a tail was cut off"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify(head=self.parse_head(options["head"]))
        if isinstance(found, Broken):
            raise CommandError(_("The ledger is broken. %(found)s.") % {"found": found})
        self.stdout.write(
            _("The ledger is whole: %(entries)d positions, %(documents)d documents, %(rows)d public rows.")
            % {"entries": found.entries, "documents": found.documents, "rows": found.rows}
        )
        self.stdout.write(f"{found.head.seq}:{found.head.hash}")

    def parse_head(self, given: str | None) -> tuple[int, str] | None:
        if given is None:
            return None
        shape = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", given)
        if not shape:
            raise CommandError(_("Write the head as SEQ:HASH, such as the last line that this command prints."))
        return int(shape[1]), shape[2]
