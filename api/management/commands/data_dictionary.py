"""manage.py data_dictionary: what every column of the public data means, in both languages, as Markdown."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation
from django.utils.translation import gettext as _

from api import dictionary
from publishing.resource import registry


def data_dictionary() -> str:
    """Return the data dictionary, first in English, then in Chinese."""
    parts = []
    for language in ("en", "zh-hans"):
        with translation.override(language):
            title = _("Data dictionary")
            parts.append(f"# {title}")
            parts.append(
                _(
                    "The columns of each list and of each table of a dump. `make snapshot` writes this page from the"
                    " declarations. In CSV, refs of one cell are separated by “|”, and nothing is an empty cell."
                )
            )
            for resource in registry:
                cells = [[_escaped(cell) for cell in row] for row in dictionary.table(dictionary.entries_of(resource))]
                rows = [cells[0], ["---"] * len(cells[0]), *cells[1:]]
                table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
                parts.append(f"## {resource.name}\n\n{resource.help}\n\n{table}")
    return "\n\n".join(parts) + "\n"


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


class Command(BaseCommand):
    help = "Prints what every column of the public data means; with --into, writes it into a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--into", metavar="FILE", type=Path, help="the file to write, such as docs/data-dictionary.md"
        )

    def handle(self, *, into: Path | None, **options: Any) -> None:
        if into is None:
            self.stdout.write(data_dictionary(), ending="")
        else:
            into.write_text(data_dictionary(), encoding="utf-8")
