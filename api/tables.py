"""Whole lists as files: CSV and XLSX for spreadsheets, JSON Lines for programs. Equal questions give equal bytes."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import IO, Any, NamedTuple

import orjson
import xlsxwriter

from api import copying, paging
from api.dictionary import Column
from api.lists import List, ResourceList
from api.questions import Question
from publishing.fields import LIST_SEPARATOR

CHUNK = 1_000
# A sheet has room for 2^20 rows; what is more goes on in the next sheet.
ROWS_OF_A_SHEET = 1_048_576
LONGEST_CELL = 32_767
# A workbook says when it was made. Equal lists are equal files, so all say the same: the first day that ZIP knows.
MADE = datetime(1980, 1, 1)
# A spreadsheet may take a cell for a formula that begins with = + - @ or a tab, or with their full-width twins. For one
# that splits at another separator than the comma, a cell begins after that one inside a text as well.
# Source: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = re.compile(rb'((?:^|[,;|\t\r\n])"*)(?=[=+\-@\t]|\xef\xbc[\x8b\x8d\x9d\xa0])')
# Spreadsheets take a file for UTF-8 only when it says so.
BYTE_ORDER_MARK = "\ufeff".encode()


class Sheet(NamedTuple):
    """A sheet of a workbook that says what the others hold: rows of cells."""

    name: str
    rows: Iterable[Sequence[str]]


def write_csv(
    target: IO[bytes], listed: List, question: Question, *, columns: Sequence[Column], labels: bool, mark: bool
) -> None:
    """Write a list as CSV (RFC 4180, in UTF-8) that no spreadsheet runs, with names or labels as its header."""
    if mark:
        target.write(BYTE_ORDER_MARK)
    target.write(_csv([headers(columns, labels=labels)]))
    for block in _blocks(listed, question, columns):
        target.write(defused(block))


def write_json_lines(target: IO[bytes], listed: List, question: Question) -> None:
    """Write a list as JSON Lines, each line as the list's pages have it."""
    rows, key = listed.rows(question)
    for keys in paging.all_pages(rows, listed.order(question), key=key, size=CHUNK):
        target.writelines(
            orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE) for result in listed.results(keys, question)
        )


def write_workbook(
    target: IO[bytes],
    listed: List,
    question: Question,
    *,
    columns: Sequence[Column],
    labels: bool,
    about: Iterable[Sheet],
) -> None:
    """Write a list as XLSX, row by row, so that memory stays flat; after it the sheets about it.

    All cells are texts: none is a formula or a link.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as workbook:
        workbook.set_properties({"created": MADE})
        bold = workbook.add_format({"bold": True})
        sheet, place = None, ROWS_OF_A_SHEET
        header = headers(columns, labels=labels)
        for row in texts(listed, question, columns):
            if place == ROWS_OF_A_SHEET:
                sheet, place = _sheet(workbook, header, bold), 1
            _write(sheet, place, row)
            place += 1
        if sheet is None:
            _sheet(workbook, header, bold)
        for each in about:
            beside = workbook.add_worksheet(each.name)
            for number, row in enumerate(each.rows):
                _write(beside, number, row)


def headers(columns: Sequence[Column], *, labels: bool) -> list[str]:
    """Return the header of a table: the columns' names, or their labels in the reader's language.

    Where two have the same label, the name tells which is which.
    """
    if not labels:
        return [column.name for column in columns]
    texts = [str(column.label) for column in columns]
    return [
        f"{text} ({column.name})" if texts.count(text) > 1 else text
        for text, column in zip(texts, columns, strict=True)
    ]


def defused(block: bytes) -> bytes:
    """Return whole lines of CSV with an apostrophe before whatever might begin a formula."""
    return FORMULA.sub(rb"\1'", block)


def _blocks(listed: List, question: Question, columns: Sequence[Column]) -> Iterator[bytes]:
    if isinstance(listed, ResourceList):
        yield from copying.blocks(listed, question, columns)
        return
    for rows in _pages(listed, question, columns):
        yield _csv(rows)


def texts(listed: List, question: Question, columns: Sequence[Column]) -> Iterator[Sequence[str]]:
    """Yield the rows of a table as texts, as they are: not defused."""
    if isinstance(listed, ResourceList):
        for block in copying.blocks(listed, question, columns):
            yield from csv.reader(io.StringIO(block.decode(), newline=""))
        return
    for rows in _pages(listed, question, columns):
        yield from rows


def _pages(listed: List, question: Question, columns: Sequence[Column]) -> Iterator[list[list[str]]]:
    rows, key = listed.rows(question)
    for keys in paging.all_pages(rows, listed.order(question), key=key, size=CHUNK):
        yield [[cell(row.get(column.key)) for column in columns] for row in listed.cells(keys, question)]


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows(rows)
    return lines.getvalue().encode()


def _sheet(workbook: xlsxwriter.Workbook, header: Sequence[str], bold: Any) -> Any:
    sheet = workbook.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, header, bold)
    return sheet


def _write(sheet: Any, place: int, row: Sequence[str]) -> None:
    for number, text in enumerate(row):
        sheet.write_string(place, number, text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…")


def cell(value: Any) -> str:
    """Return a value of a document or a row as the text of a cell."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Mapping():
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
        case list():
            return LIST_SEPARATOR.join(item["ref"] if isinstance(item, Mapping) else str(item) for item in value)
    return str(value)
