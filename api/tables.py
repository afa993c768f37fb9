"""Whole lists as files: CSV for spreadsheets, JSON Lines for programs.

A file is made first and sent then, so a slow reader holds no connection to the database, and nothing that fails halfway
looks whole.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from tempfile import SpooledTemporaryFile
from typing import Any

import orjson
from django.http import FileResponse

from publishing.fields import LIST_SEPARATOR

CHUNK = 1_000
KEPT_IN_MEMORY = 1_000_000
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
# Where a cell begins with one of these, a spreadsheet may take it for a formula.
# Source: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Spreadsheets take a file for UTF-8 only when it says so.
BYTE_ORDER_MARK = "\ufeff"


def respond(rows: Iterable[Mapping[str, Any]], *, format: str, columns: Sequence[str], name: str) -> FileResponse:
    """Return rows as a file in one of the formats csv and jsonl. `columns` are those of a CSV file, nested ones as
    parent_child.
    """
    spool = SpooledTemporaryFile(KEPT_IN_MEMORY)
    lines = _csv_lines(rows, columns) if format == "csv" else _json_lines(rows)
    for line in lines:
        spool.write(line)
    spool.seek(0)
    return FileResponse(spool, as_attachment=True, filename=f"{name}.{format}", content_type=MEDIA_TYPES[format])


def _json_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        yield orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _csv_lines(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
    line = io.StringIO()
    writer = csv.writer(line)
    line.write(BYTE_ORDER_MARK)
    writer.writerow(columns)
    for row in rows:
        flat = flattened(row)
        writer.writerow([cell(flat.get(column)) for column in columns])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()
    yield line.getvalue().encode()


def flattened(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with nested mappings as parent_child."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}_{inner}": part for inner, part in value.items()}
        else:
            flat[key] = value
    return flat


def cell(value: Any) -> str:
    """Return a value as the text of a cell that no spreadsheet runs: lists joined by “|”, truths as true and false."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return defused(
                LIST_SEPARATOR.join(item["ref"] if isinstance(item, Mapping) else str(item) for item in value)
            )
        case str():
            return defused(value)
    return str(value)


def defused(text: str) -> str:
    """Return a text with an apostrophe before what would begin a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
