"""Everything that is public, as a folder."""

import csv
import hashlib
import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

VERIFIER = Path(__file__).parents[2] / "docs" / "verify_ledger.py"


@pytest.fixture
def dump(api, tmp_path):
    call_command("export_data", str(tmp_path / "dump"), verbosity=0, stdout=io.StringIO())
    return tmp_path / "dump"


def test_a_dump_holds_every_public_thing_three_times_and_the_ledger_that_proves_them(api, dump):
    package = json.loads((dump / "datapackage.json").read_text())
    tables = {each["name"]: each for each in package["resources"] if "schema" in each}

    assert package["version"] == str(api.get("pledges/")["version"])
    with closing(sqlite3.connect(dump / "pactwatch.sqlite")) as database:
        for name, table in tables.items():
            rows = list(csv.DictReader(io.StringIO((dump / table["path"]).read_text())))
            lines = [json.loads(line) for line in (dump / f"{name}.jsonl").read_bytes().splitlines()]
            found = database.execute(f'SELECT ref FROM "{name}" ORDER BY ref')  # noqa: S608 the dump's own name
            refs = [ref for (ref,) in found]
            assert len(rows) == api.get(f"{name}/", count="true", page_size=1)["count"]
            assert [row["ref"] for row in rows] == [line["ref"] for line in lines] == refs
            assert list(rows[0]) == [field["name"] for field in table["schema"]["fields"]]
        assert list(database.execute("PRAGMA foreign_key_check")) == []
    pledge = {field["name"]: field for field in tables["pledges"]["schema"]["fields"]}
    assert pledge["status"]["labels_zh"]["fulfilled"] == "已履行"
    assert {"fields": "actor", "reference": {"resource": "actors", "fields": "ref"}} in tables["pledges"]["schema"][
        "foreignKeys"
    ]
    subprocess.run([sys.executable, VERIFIER, dump], check=True, capture_output=True)


def test_its_checksums_are_right_and_the_same_version_gives_the_same_bytes(api, dump, tmp_path):
    sums = dict(line.split("  ")[::-1] for line in (dump / "CHECKSUMS").read_text().splitlines())
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in dump.iterdir()} == sums | {
        "CHECKSUMS": hashlib.sha256((dump / "CHECKSUMS").read_bytes()).hexdigest()
    }

    call_command("export_data", str(tmp_path / "again"), verbosity=0, stdout=io.StringIO())
    assert (tmp_path / "again" / "CHECKSUMS").read_bytes() == (dump / "CHECKSUMS").read_bytes()


def test_a_folder_in_use_is_refused_and_left_alone(api, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(CommandError, match="not an empty folder"):
        call_command("export_data", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
