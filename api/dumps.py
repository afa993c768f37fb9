"""Everything that is public, in one folder: a Frictionless Data Package, the same bytes for the same data version.

Each resource is there as CSV (no cell is run as a formula), as JSON Lines and as a table of one SQLite file. Beside
them stand the whole ledger with its documents, the signed heads, and the checksums of all files.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from api import dictionary, paging, questions, tables
from api.acts import EntryList, HeadList
from api.dictionary import Entry
from api.lists import List, ResourceList
from api.questions import Question
from api.snapshot import one_state
from publishing import ledger
from publishing.errors import DomainError
from publishing.fields import Ref
from publishing.models import SignedHead
from publishing.resource import Resource, registry

LANGUAGES = {"": "en", "_zh": "zh-hans"}
CHECKSUMS = "CHECKSUMS"
# Source: https://specs.frictionlessdata.io/table-schema/, “Types and Formats”.
TYPES: Mapping[str, Mapping[str, str]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "date": {"type": "date"},
    "datetime": {"type": "datetime", "format": "any"},
    "uri": {"type": "string", "format": "uri"},
}
TEXT: Mapping[str, str] = {"type": "string"}


class FolderInUse(DomainError):
    code = "folder_in_use"
    message = _("%(folder)s is not an empty folder. Name one that is empty, or that is not there yet.")


def write(folder: Path, *, now: datetime) -> int:
    """Write everything that is public into a folder, whole or not at all, and return its data version.

    Raises FolderInUse when something is in it already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderInUse(folder=str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as unfinished:
        made = Path(unfinished, "dump")
        made.mkdir()
        with one_state(), translation.override("en"):
            version = _write_files(made, now=now)
        os.replace(made, folder)
    return version


def _write_files(folder: Path, *, now: datetime) -> int:
    head = ledger.head()
    asked = questions.settle({}, {"version": head.seq}, now=now)
    described = []
    with closing(sqlite3.connect(folder / "pactwatch.sqlite")) as database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
        for resource in registry:
            listed = ResourceList(resource)
            columns = listed.columns()
            with (folder / f"{resource.name}.csv").open("wb") as table:
                tables.write_csv(table, listed, asked, columns=columns, labels=False, mark=False)
            _write_lines(folder / f"{resource.name}.jsonl", listed, asked)
            _write_table(database, listed, asked)
            described += [
                _file(folder, f"{resource.name}.csv", "text/csv") | _table(resource),
                _file(folder, f"{resource.name}.jsonl", "application/jsonl"),
            ]
        database.commit()
    entries = questions.settle({}, {"documents": True}, now=now)
    _write_lines(folder / "ledger.jsonl", EntryList(), entries)
    # Heads are signed when nothing new stands in the ledger too. Those of earlier versions are the same for ever.
    heads = SignedHead.objects.filter(seq__lt=head.seq).order_by("day").values_list("pk", flat=True)
    _write_json(folder / "heads.jsonl", HeadList().cells(list(heads), asked))
    described += [
        _file(folder, "pactwatch.sqlite", "application/vnd.sqlite3"),
        _file(folder, "ledger.jsonl", "application/jsonl"),
        _file(folder, "heads.jsonl", "application/jsonl"),
    ]
    package = _package(head) | {"resources": described}
    text = json.dumps(package, ensure_ascii=False, indent=2)
    (folder / "datapackage.json").write_text(f"{text}\n", encoding="utf-8")
    sums = [f"{_digest(path)}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / CHECKSUMS).write_text("".join(sums), encoding="ascii")
    return head.seq


def _write_lines(path: Path, listed: List, question: Question) -> None:
    rows, key = listed.rows(question)
    pages = paging.all_pages(rows, listed.order(question), key=key, size=tables.CHUNK)
    _write_json(path, (row for keys in pages for row in listed.cells(keys, question)))


def _write_json(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("wb") as lines:
        lines.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _write_table(database: sqlite3.Connection, listed: ResourceList, question: Question) -> None:
    """Write one resource as a table whose links are foreign keys; truths are 1 and 0, and nothing is NULL."""
    entries = listed.entries()
    keys = _links(listed.resource)
    truths = {number for number, entry in enumerate(entries) if dictionary.type_of(entry.schema) == "boolean"}
    columns = [
        f'"{entry.column.name}" {"INTEGER" if number in truths else "TEXT"}'
        + (" PRIMARY KEY" if entry.column.name == "ref" else "")
        + (f' REFERENCES "{keys[entry.column.name]}" (ref)' if entry.column.name in keys else "")
        for number, entry in enumerate(entries)
    ]
    database.execute(f'CREATE TABLE "{listed.name}" ({", ".join(columns)}) WITHOUT ROWID')

    def values() -> Iterator[list[str | int | None]]:
        for row in tables.texts(listed, question, listed.columns()):
            yield [int(text == "true") if number in truths else text or None for number, text in enumerate(row)]

    places = ", ".join("?" * len(entries))
    statement = f'INSERT INTO "{listed.name}" VALUES ({places})'  # noqa: S608 a declared name; the values are bound
    database.executemany(statement, values())


def _links(resource: type[Resource]) -> dict[str, str]:
    """Return the columns that link to one thing of one resource."""
    return {
        name: field.resources[0]
        for name, field in resource.fields.items()
        if isinstance(field, Ref) and len(field.resources) == 1
    }


def _file(folder: Path, name: str, media_type: str) -> dict[str, Any]:
    path = folder / name
    return {
        "name": name.replace(".csv", "").replace(".", "-"),
        "path": name,
        "type": "file",
        "mediatype": media_type,
        "bytes": path.stat().st_size,
        "hash": f"sha256:{_digest(path)}",
    }


def _table(resource: type[Resource]) -> dict[str, Any]:
    """Return the description of a table, in English and Chinese."""
    told: dict[str, Any] = {}
    for ending, language in LANGUAGES.items():
        with translation.override(language):
            told[ending] = (str(resource.help), [_field(entry, ending) for entry in dictionary.entries_of(resource)])
    fields = [english | chinese for english, chinese in zip(told[""][1], told["_zh"][1], strict=True)]
    links = [
        {"fields": name, "reference": {"resource": target if target != resource.name else "", "fields": "ref"}}
        for name, target in _links(resource).items()
    ]
    return {
        "type": "table",
        "profile": "tabular-data-resource",
        "format": "csv",
        "encoding": "utf-8",
        "description": told[""][0],
        "description_zh": told["_zh"][0],
        "schema": {"fields": fields, "primaryKey": "ref", "foreignKeys": links},
    }


def _field(entry: Entry, ending: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": entry.column.name,
        f"title{ending}": str(entry.column.label),
        f"description{ending}": entry.schema.get("description", ""),
        **TYPES.get(dictionary.type_of(entry.schema), TEXT),
    }
    if words := [word for word in entry.schema.get("enum", ()) if word]:
        described["constraints"] = {"enum": words}
    if entry.words:
        described[f"labels{ending}"] = {word: str(label) for word, label in entry.words.items()}
    return described


def _package(head: ledger.Head) -> dict[str, Any]:
    recorded_at = ledger.timestamp(head.recorded_at) if head.recorded_at else None
    told: dict[str, Any] = {}
    for ending, language in LANGUAGES.items():
        with translation.override(language):
            told |= {
                f"title{ending}": gettext("Pactwatch: who promised what about AI, by when, and did they do it?"),
                f"citation{ending}": gettext("Pactwatch, data version %(version)d, %(address)s. CC BY 4.0.")
                % {"version": head.seq, "address": f"{settings.BASE_URL}/api/v1/?version={head.seq}"},
            }
    return {
        "profile": "data-package",
        "name": "pactwatch",
        **told,
        "version": str(head.seq),
        **({"created": recorded_at} if recorded_at else {}),
        "homepage": settings.BASE_URL,
        "licenses": [dictionary.LICENCE],
        "head": f"{head.seq}:{head.hash}",
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
