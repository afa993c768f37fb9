"""manage.py export_data DIR: everything that is public, as a Frictionless Data Package."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from api import dumps


class Command(BaseCommand):
    help = "Writes everything that is public into a folder: CSV, JSON Lines, SQLite, the ledger, checksums."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="an empty folder, or one that is not there yet")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            version = dumps.write(folder.absolute(), now=timezone.now())
        except dumps.FolderInUse as refused:
            raise CommandError(str(refused)) from refused
        except OSError as failed:
            raise CommandError(f"{failed.filename or folder}: {failed.strerror}. Nothing was written.") from failed
        self.stdout.write(f"Wrote data version {version} into {folder}.")
