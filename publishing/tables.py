"""Reading import files: folders of YAML, CSV or XLSX, each file named after the kind that it holds."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import charset_normalizer
import python_calamine
import yaml
from django.utils.translation import gettext as _

SUFFIXES = (".yaml", ".yml", ".csv", ".xlsx")
SAMPLE_BYTES = 1_000_000
CHINESE = re.compile("[\u2014-\u2026\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


class Row(NamedTuple):
    """One row of a file; `number` is its line in a text file and its row in a sheet."""

    file: Path
    number: int
    values: dict[str, Any]


class UnreadableFile(Exception):
    """A file cannot be read at all; `number` is the line or row where that shows."""

    def __init__(self, file: Path, number: int, message: str):
        super().__init__(message)
        self.file, self.number, self.message = file, number, message


def import_files(paths: Sequence[Path], kinds: Sequence[str]) -> tuple[list[tuple[str, Path]], list[UnreadableFile]]:
    """Return (kind, file) for all files of known kinds at `paths`, in a stable order, and what is wrong beside them.

    `paths` are files or folders, which are searched through. Wrong are a path that is not there, a file of another kind
    that was named itself or could have been meant, and nothing to load at all.
    """
    found: list[tuple[str, Path]] = []
    wrong: list[UnreadableFile] = []
    for path in paths:
        if not path.exists():
            wrong.append(UnreadableFile(path, 0, _("There is no such file or folder.")))
            continue
        named = path.is_file()
        for file in [path] if named else sorted(path.rglob("*")):
            kind = file.stem.replace("_", "-")
            if file.suffix.lower() in SUFFIXES and kind in kinds:
                found.append((kind, file))
            elif named or file.suffix.lower() in SUFFIXES:
                allowed = ", ".join(kind.replace("-", "_") for kind in kinds)
                message = _("A file is named after what it holds: %(kinds)s, as YAML, CSV or XLSX.")
                wrong.append(UnreadableFile(file, 0, message % {"kinds": allowed}))
    if not found and not wrong:
        wrong.append(UnreadableFile(paths[0], 0, _("There is nothing to load here.")))
    return found, wrong


def read_rows(file: Path) -> Iterator[Row]:
    """Yield the rows of one file. Raises UnreadableFile."""
    readers = {".csv": _read_csv, ".xlsx": _read_xlsx, ".yaml": _read_yaml, ".yml": _read_yaml}
    try:
        yield from readers[file.suffix.lower()](file)
    except OSError as failed:
        raise UnreadableFile(file, 0, _("It cannot be read: %(why)s.") % {"why": failed.strerror or failed}) from failed


class _LineLoader(yaml.CSafeLoader):
    """Keeps every scalar as it is written (dates and numbers stay text), but true, false and null."""


_LineLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":bool", ":null"))]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _read_yaml(file: Path) -> Iterator[Row]:
    with file.open("rb") as stream:
        loader = _LineLoader(stream)
        try:
            node = loader.get_single_node()
            if node is None:
                return
            if not isinstance(node, yaml.SequenceNode):
                raise UnreadableFile(file, node.start_mark.line + 1, _("The file must be a list of records."))
            for item in node.value:
                line = item.start_mark.line + 1
                values = loader.construct_document(item)
                if not isinstance(values, dict):
                    raise UnreadableFile(file, line, _("Each record must be a mapping of columns to values."))
                yield Row(file, line, {str(key): value for key, value in values.items()})
        except yaml.MarkedYAMLError as wrong:
            line = wrong.problem_mark.line + 1 if wrong.problem_mark else 0
            raise UnreadableFile(file, line, _("This is not YAML: %(why)s.") % {"why": wrong.problem}) from wrong
        except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as wrong:
            raise UnreadableFile(file, 0, _("This is not YAML: %(why)s.") % {"why": wrong}) from wrong
        finally:
            loader.dispose()


def _read_csv(file: Path) -> Iterator[Row]:
    with file.open(newline="", encoding=_encoding(file)) as stream:
        reader = csv.DictReader(stream, strict=True)
        try:
            for values in reader:
                if None in values:
                    raise UnreadableFile(file, reader.line_num, _("This row has more cells than the header."))
                yield Row(file, reader.line_num, values)
        except (csv.Error, UnicodeDecodeError) as wrong:
            raise UnreadableFile(file, reader.line_num, _("This is not CSV: %(why)s.") % {"why": wrong}) from wrong


def _encoding(file: Path) -> str:
    with file.open("rb") as stream:
        sample = stream.read(SAMPLE_BYTES)
    try:
        sample.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        if wrong.start < SAMPLE_BYTES - 4:
            return _older_encoding(sample)
    return "utf-8-sig"


def _older_encoding(sample: bytes) -> str:
    """Return what spreadsheets write besides UTF-8: GB18030, Big5, or Western.

    A few Chinese words are valid in each of them, so a reading that is Chinese throughout goes before a Western one.
    """
    readings = list(charset_normalizer.from_bytes(sample, cp_isolation=["gb18030", "big5", "cp1252"]))
    chinese = [
        reading
        for reading in readings
        if reading.encoding != "cp1252" and all(char.isascii() or CHINESE.match(char) for char in str(reading))
    ]
    return (chinese or readings)[0].encoding if readings else "utf-8-sig"


def _read_xlsx(file: Path) -> Iterator[Row]:
    try:
        rows = python_calamine.CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    except (python_calamine.CalamineError, ValueError) as wrong:
        raise UnreadableFile(file, 0, _("This is not a spreadsheet: %(why)s.") % {"why": wrong}) from wrong
    if not rows:
        return
    header = [str(cell).strip() for cell in rows[0]]
    for number, cells in enumerate(rows[1:], 2):
        if any(cell != "" for cell in cells):
            yield Row(file, number, {name: _cell(cell) for name, cell in zip(header, cells, strict=True) if name})


def _cell(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
