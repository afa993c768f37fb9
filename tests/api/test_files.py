"""Whole lists as files."""

import csv
import io
import json

import pytest
from python_calamine import CalamineWorkbook

from api.tables import defused
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

    cells = [{column: defused(str(text)) for column, text in zip(header, row, strict=True)} for row in rows]
    assert cells == table(api.ask(f"{name}/", format="csv"))
    assert response.headers["Content-Type"].endswith("spreadsheetml.sheet")
    assert api.ask(f"{name}/", format="xlsx").getvalue() == content


@pytest.mark.parametrize("name", RESOURCES)
def test_a_file_is_filtered_ordered_and_narrowed_to_fields_like_the_list(api, name):
    rows = table(api.ask(f"{name}/", format="csv", ordering="-ref", fields="ref"))

    assert [list(row) for row in rows[:1]] == [["ref"]]
    assert [row["ref"] for row in rows][:50] == api.refs(f"{name}/", ordering="-ref")


def test_no_cell_is_run_as_a_formula(api, publishing):
    words = ['=HYPERLINK("https://evil.example")', "+1", "-1", "@SUM(A1)", "\t=1", "fine = fine"]
    for number, word in enumerate(words):
        publishing(
            Theme.objects.create(
                ref=f"formula-{number}", label_en=word, label_zh=word, definition_en='a "b", c\nd', definition_zh="x"
            )
        )

    refs = ",".join(f"formula-{number}" for number in range(len(words)))
    rows = table(api.ask("themes/", format="csv", ref__in=refs))

    assert [row["label_en"] for row in rows] == [*(f"'{word}" for word in words[:-1]), "fine = fine"]
    assert rows[0]["definition_en"] == 'a "b", c\nd'
