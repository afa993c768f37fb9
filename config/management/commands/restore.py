"""Take a backup into an empty database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from config import backups
from publishing.errors import DomainError


class Command(BaseCommand):
    help = (
        "Take a file that `backup` made into an empty database, bring it to this release, and verify the ledger against"
        " the head in the file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found, manifest = backups.restore(file=options["file"])
        except (DomainError, OSError) as error:
            raise CommandError(str(error)) from error
        for name in backups.other_keys(manifest):
            self.stdout.write(
                _("%(name)s is another one here than where the backup was made; bring that one too.") % {"name": name}
            )
        self.stdout.write(
            _("The ledger is whole: %(entries)d positions, %(documents)d documents, %(rows)d public rows.")
            % {"entries": found.entries, "documents": found.documents, "rows": found.rows}
        )
        self.stdout.write(f"{found.head.seq}:{found.head.hash}")
