"""Whole lists as files: CSV and XLSX for spreadsheets, JSON Lines for programs.

A file is made first and sent then, so a slow reader holds no connection to the database, and nothing that fails halfway
looks whole.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import orjson
import xlsxwriter
from django.http import FileResponse

from publishing.fields import LIST_SEPARATOR

CHUNK = 1_000
KEPT_IN_MEMORY = 1_000_000
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A sheet has room for 2^20 rows; what is more goes on in the next sheet.
ROWS_OF_A_SHEET = 1_048_576
LONGEST_CELL = 32_767
# A workbook says when it was made. Equal lists are equal files, so all say the same: the first day that ZIP knows.
MADE = datetime(1980, 1, 1)
# Where a cell begins with one of these, a spreadsheet may take it for a formula.
# Source: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Spreadsheets take a file for UTF-8 only when it says so.
BYTE_ORDER_MARK = "\ufeff"


def respond(rows: Iterable[Mapping[str, Any]], *, format: str, columns: Sequence[str], name: str) -> FileResponse:
    """Return rows as a file in one of the formats csv, xlsx and jsonl. `columns` are those of a table, nested ones as
    parent_child.
    """
    spool = SpooledTemporaryFile(KEPT_IN_MEMORY)
    if format == "xlsx":
        _write_workbook(spool, rows, columns)
    else:
        for line in _csv_lines(rows, columns) if format == "csv" else _json_lines(rows):
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


def _write_workbook(target: IO[bytes], rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows as texts, row by row, so that memory stays flat. No cell is a formula or a link."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as workbook:
        workbook.set_properties({"created": MADE})
        bold = workbook.add_format({"bold": True})
        sheet = _sheet(workbook, columns, bold)
        place = 1
        for row in rows:
            if place == ROWS_OF_A_SHEET:
                sheet = _sheet(workbook, columns, bold)
                place = 1
            flat = flattened(row)
            for number, column in enumerate(columns):
                sheet.write_string(place, number, _fitting(plain_cell(flat.get(column))))
            place += 1


def _sheet(workbook: xlsxwriter.Workbook, columns: Sequence[str], bold: Any) -> Any:
    sheet = workbook.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, columns, bold)
    return sheet


def _fitting(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


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
    """Return a value as the text of a cell of CSV that no spreadsheet runs."""
    text = plain_cell(value)
    return defused(text) if isinstance(value, str | list) else text


def plain_cell(value: Any) -> str:
    """Return a value as the text of a cell: lists joined by “|”, truths as true and false."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return LIST_SEPARATOR.join(item["ref"] if isinstance(item, Mapping) else str(item) for item in value)
    return str(value)


def defused(text: str) -> str:
    """Return a text with an apostrophe before what would begin a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
