"""Whole lists as files."""

import csv
import io
import json
import os

import pytest
from python_calamine import CalamineWorkbook

from api import spool
from catalog.models import Theme
from tests.api.test_lists import COLLECTIONS, RESOURCES


def table(response):
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_file_has_every_row_of_the_list_and_a_column_for_every_key(api, name):
    given = {"seq__lte": 50} if name == "ledger" else {}
    count = api.get(f"{name}/", count="true", page_size=1, **given)["count"]

    response = api.ask(f"{name}/", format="csv", **given)
    rows = table(response)
    lines = [json.loads(line) for line in api.ask(f"{name}/", format="jsonl", **given).getvalue().splitlines()]

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith(f'attachment; filename="{name.replace("/", "_")}-')
    assert len(rows) == len(lines) == count
    key = {"ledger": "seq", "ledger/heads": "day", "changes": "id"}.get(name, "ref")
    assert [row[key] for row in rows] == [str(line[key]) for line in lines]


def test_links_lists_and_nested_values_are_cells(api):
    pledge = table(api.ask("pledges/", format="csv", ref="cap24-group-of-friends.state-cn"))[0]
    commitment = table(api.ask("commitments/", format="csv", ref="bletchley-chairs-statement.france-summit"))[0]

    assert (pledge["actor"], pledge["commitment"]) == ("state-cn", "cap24-group-of-friends")
    assert (pledge["assessed"], pledge["contested"]) in (("true", "false"), ("false", "false"))
    assert (commitment["due_kind"], commitment["due_date"], commitment["due_until"]) == ("derived", "2024-11", "")
    assert commitment["sources"] == "src-hunton-bletchley|src-xinhua-bletchley"


@pytest.mark.parametrize("name", ["sources", "pledges", "status-changes"])
def test_a_workbook_has_the_cells_of_the_table_as_plain_texts(api, name):
    response = api.ask(f"{name}/", format="xlsx")
    content = response.getvalue()
    header, *rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()

    def plain(cells):
        return [cell.replace("'", "") for cell in cells]

    lines = table(api.ask(f"{name}/", format="csv"))
    assert header == list(lines[0])
    assert [plain(row) for row in rows] == [plain(line.values()) for line in lines]
    assert response.headers["Content-Type"].endswith("spreadsheetml.sheet")
    assert api.ask(f"{name}/", format="xlsx").getvalue() == content


@pytest.mark.parametrize("name", RESOURCES)
def test_a_file_is_filtered_ordered_and_narrowed_to_fields_like_the_list(api, name):
    rows = table(api.ask(f"{name}/", format="csv", ordering="-ref", fields="ref"))

    assert [list(row) for row in rows[:1]] == [["ref"]]
    assert [row["ref"] for row in rows][:50] == api.refs(f"{name}/", ordering="-ref")


FORMULAS = {
    '=HYPERLINK("https://evil.example")': '\'=HYPERLINK("https://evil.example")',
    "+1": "'+1",
    "-1": "'-1",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t'=1",
    "＝1": "'＝1",
    "ends;=1": "ends;'=1",
    'ends";"=1': 'ends";"\'=1',
    "ends\n+1": "ends\n'+1",
    "fine = fine，－": "fine = fine，－",
}


def test_no_cell_is_run_as_a_formula_wherever_a_spreadsheet_splits_it(api, publishing):
    for number, word in enumerate(FORMULAS):
        publishing(
            Theme.objects.create(
                ref=f"formula-{number}", label_en=word, label_zh=word, definition_en='a "b", c\nd', definition_zh="x"
            )
        )
    asked = {"ref__in": ",".join(f"formula-{number}" for number in range(len(FORMULAS)))}

    rows = table(api.ask("themes/", format="csv", **asked))
    lines = [json.loads(line) for line in api.ask("themes/", format="jsonl", **asked).getvalue().splitlines()]

    assert [row["label_en"] for row in rows] == list(FORMULAS.values())
    assert rows[0]["definition_en"] == 'a "b", c\nd'
    assert [line["label_en"] for line in lines] == list(FORMULAS)


@pytest.mark.parametrize(
    "name", ["themes", "sources", "actors", "commitments", "pledges", "proposals", "evidence", "records"]
)
def test_a_table_of_an_earlier_version_says_what_the_list_says(api, name):
    version = api.get(f"{name}/")["version"]
    now = api.ask(f"{name}/", format="csv")
    then = api.ask(f"{name}/", format="csv", version=version)

    assert table(now) == table(then)


def test_a_header_has_labels_in_the_language_that_is_asked_for(api):
    asked = {"format": "csv", "fields": "ref,title_en,due,status,overdue"}

    def header(**more):
        return api.client.get("/api/v1/pledges/", asked | more).getvalue().split(b"\n")[0].decode("utf-8-sig")

    texts = {lang: header(headers="labels", lang=lang) for lang in ("en", "zh")}
    plain = api.ask("pledges/", **asked, bom="false").getvalue()

    assert texts["en"].startswith("ref,title (English),due,due date,")
    assert texts["zh"].startswith("标识,标题（英文）,")
    assert plain.startswith(b"ref,title_en,due_kind,due_date,")


@pytest.mark.parametrize("asked", ["headers=labels", "bom=true", "bom=true&format=xlsx", "headers=codes&format=jsonl"])
def test_what_only_files_take_is_refused_elsewhere(api, asked):
    assert api.client.get(f"/api/v1/pledges/?{asked}").json()["code"] == "senseless_parameters"


def test_a_workbook_ends_with_what_its_columns_mean_and_how_to_cite_it(api):
    book = CalamineWorkbook.from_filelike(io.BytesIO(api.ask("pledges/", format="xlsx", lang="zh").getvalue()))
    meanings = {row[0]: [str(cell) for cell in row] for row in book.get_sheet_by_name("dictionary").to_python()}
    about = {relation: str(address) for relation, address in book.get_sheet_by_name("about").to_python()}

    assert set(book.get_sheet_by_index(0).to_python()[0]) == meanings.keys() - {"列"}
    assert "; fulfilled: 已履行" in meanings["status"][5]
    assert f"version={api.get('pledges/')['version']}" in about["cite-as"]
    assert about["license"] == "https://creativecommons.org/licenses/by/4.0/"


def test_a_download_that_broke_off_goes_on_where_it_stopped(api):
    whole = api.ask("pledges/", format="csv")
    content, etag = whole.getvalue(), whole.headers["ETag"]

    def part(span, **headers):
        return api.ask("pledges/", format="csv", headers={"range": span, **headers})

    rest = part("bytes=1000-", **{"if-range": etag})
    assert (rest.status_code, rest.getvalue()) == (206, content[1000:])
    assert rest.headers["Content-Range"] == f"bytes 1000-{len(content) - 1}/{len(content)}"
    assert rest.headers["ETag"] == etag
    assert part("bytes=-10").getvalue() == content[-10:]
    assert part("bytes=5-9").getvalue() == content[5:10]

    beyond = part(f"bytes={len(content)}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(content)}")
    for span, headers in [("bytes=5-", {"if-range": '"another"'}), ("bytes=1-2,5-6", {}), ("lines=1-2", {})]:
        assert (part(span, **headers).status_code, part(span, **headers).getvalue()) == (200, content)


def test_a_file_tells_its_size_before_it_is_fetched_and_where_to_read_about_it(api):
    content = api.ask("themes/", format="jsonl").getvalue()
    head = api.client.head("/api/v1/themes/?format=jsonl")

    assert (head.status_code, head.getvalue()) == (200, b"")
    assert head.headers["Content-Length"] == str(len(content))
    assert head.headers["Accept-Ranges"] == "bytes"
    assert 'creativecommons.org/licenses/by/4.0/>; rel="license"' in head.headers["Link"]


def test_a_file_is_made_once_and_again_where_it_is_gone(api, settings):
    folder = settings.DATA_DIR / "exports"
    first = api.ask("themes/", format="csv").getvalue()
    made = {path.name: path.stat().st_ino for path in folder.iterdir()}
    again = api.ask("themes/", format="csv").getvalue()
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == made

    for path in folder.iterdir():
        path.unlink()
    assert first == again == api.ask("themes/", format="csv").getvalue()


def test_what_was_asked_for_longest_ago_goes_when_the_folder_is_full(tmp_path):
    def keep(name):
        return spool.kept(tmp_path, name, lambda target: target.writelines([b"0123456789"]), space=25)

    for age, name in enumerate(["newer", "older"]):
        os.utime(keep(name), (1_000_000 - age, 1_000_000 - age))
    (tmp_path / ".abandoned").write_bytes(b"half")
    os.utime(tmp_path / ".abandoned", (1_000_000, 1_000_000))
    keep("newest")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["newer", "newest"]


def test_a_file_that_could_not_be_made_leaves_nothing(tmp_path):
    def fail_halfway(target):
        target.write(b"half")
        raise TimeoutError

    with pytest.raises(TimeoutError):
        spool.kept(tmp_path, "broken", fail_halfway, space=100)

    assert list(tmp_path.iterdir()) == []
