"""Make a backup."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from config import backups
from publishing.errors import DomainError


class Command(BaseCommand):
    help = (
        "Write one file with the database, the snapshots and the ledger's head, while the tracker runs. Prints its path"
        " in the last line. Keys are not in it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--into", metavar="FOLDER", type=Path, default=settings.DATA_DIR / "backups")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = backups.make(into=options["into"].resolve(), now=timezone.now())
        except (DomainError, OSError) as error:
            raise CommandError(str(error)) from error
        manifest = backups.read_manifest(made)
        self.stdout.write(_("Kept elsewhere, and not in this file: %(keys)s.") % {"keys": ", ".join(manifest["keys"])})
        self.stdout.write(_("The ledger's head: %(head)s") % {"head": "{seq}:{hash}".format(**manifest["head"])})
        self.stdout.write(str(made))
