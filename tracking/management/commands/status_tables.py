"""The statuses as the tables of docs/method.md."""

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.text import capfirst
from django.utils.translation import override

from tracking.models import TRACKED_RESOURCES
from tracking.statuses import NOT_ASSESSED, Status, statuses_of

BEGIN, END = "<!-- status tables: begin -->", "<!-- status tables: end -->"
SCALES = {"ogp": "OGP", "politifact": "PolitiFact", "cppp": "CPPP"}


def status_tables() -> str:
    """Return a Markdown table of the statuses of each kind of record, in English."""
    with override("en"):
        return "\n\n".join(f"### {capfirst(kind)}\n\n{_table(statuses_of(kind))}" for kind in TRACKED_RESOURCES)


def with_tables(text: str) -> str:
    """Return the text of docs/method.md with the tables as they are now. Raises ValueError when its marks are gone."""
    whole, found = re.subn(
        f"{BEGIN}.*{END}", lambda _found: f"{BEGIN}\n\n{status_tables()}\n\n{END}", text, flags=re.DOTALL
    )
    if found != 1:
        raise ValueError(f"There is no place for the tables: it begins with {BEGIN} and ends with {END}.")
    return whole


def _table(statuses: list[Status]) -> str:
    scales = {scale: name for scale, name in SCALES.items() if any(_graded(status, scale) for status in statuses)}
    head = ["status", "what it means", "settles the matter", *scales.values()]
    rows = [
        [
            f"**{status.label}** `{status.code}`",
            str(status.definition),
            "yes" if status.settled else "",
            *(getattr(status, scale) or "–" for scale in scales),
        ]
        for status in statuses
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def _graded(status: Status, scale: str) -> bool:
    return status.code != NOT_ASSESSED and bool(getattr(status, scale))


class Command(BaseCommand):
    help = "Prints the tables of statuses; with --into, writes them into a file such as docs/method.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--into", metavar="FILE", type=Path, help="the file that has a place for the tables")

    def handle(self, *, into: Path | None, **options: Any) -> None:
        if into is None:
            self.stdout.write(status_tables())
        else:
            into.write_text(with_tables(into.read_text(encoding="utf-8")), encoding="utf-8")
