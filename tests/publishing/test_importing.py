"""Loading records: all or nothing, the same again changes nothing, and every mistake is named at once."""

import csv
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
import xlsxwriter
import yaml
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from commitments.models import Commitment, Pledge
from publishing import ledger
from publishing.actions import publish
from publishing.importing import PlanOutOfDate, apply_plan, plan_import
from publishing.models import Change, Document, Publishable
from tests.commitments.world import load, records
from tracking.models import Record

FIXTURES = Path(__file__).parents[2] / "fixtures"


def run(*arguments: str | Path) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("load_records", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refused(*arguments: str | Path) -> list[str]:
    """Return the mistakes that a refused load names, and see that nothing was written."""
    before, err = (ledger.head(), Publishable.objects.count()), StringIO()
    with pytest.raises(CommandError):
        call_command("load_records", *map(str, arguments), stdout=StringIO(), stderr=err)
    assert (ledger.head(), Publishable.objects.count()) == before
    return err.getvalue().splitlines()


def test_the_starting_records_load_as_one_change_and_twice_is_once(db):
    out, _err = run(FIXTURES)
    head = ledger.head()
    again, _err = run(FIXTURES)

    assert Change.objects.count() == 1
    assert ledger.head() == head
    assert "Everything was there already." in again
    assert Publishable.objects.exclude(state="published").count() == 0
    assessed = Record.objects.assessed()
    assert assessed.filter(status_changes=None).count() == 0
    assert {"safe-zones", "ai-summit-series"} <= set(assessed.values_list("ref", flat=True))


def test_a_dry_run_tells_what_would_happen_and_writes_nothing(world):
    before = ledger.head()
    (world / "more").mkdir()
    changed = records(2026)["actors"][0] | {"name_en": "Acme Limited"}
    new = records(2026)["actors"][1] | {"ref": "core"}
    (world / "more" / "actors.yaml").write_text(yaml.safe_dump([changed, new, records(2026)["actors"][1]]))

    out, _err = run(world / "more", "--dry-run")

    assert out.split() == "actors 1 new 1 changed 1 unchanged".split()
    assert ledger.head() == before


def test_every_mistake_is_named_with_file_row_and_column(world):
    folder = world / "wrong"
    folder.mkdir()
    (folder / "actors.yaml").write_text(
        "- ref: Upper\n  kind: company\n  name_en: A\n  name_zh: 甲\n  sources: [src-report]\n"
        "- ref: core\n  kind: firm\n  name_zh: 乙\n  sources: [src-reprot]\n  colour: red\n"
    )
    (folder / "evidence.csv").write_text(
        "ref,record,source,stance,observed_on,shows_en,shows_zh\n"
        "evd-x,accord.report.acme,src-report,supports,2026-02-30,It came out.,\n"
        "evd-y,accord,src-report,supports,2026-02-03,It came out.,\n"
    )

    mistakes = refused(folder)

    places = [(Path(line.split(":")[0]).name, *line.split(":")[1:3]) for line in mistakes]
    assert places == [
        ("actors.yaml", "1", "ref"),
        ("actors.yaml", "6", "colour"),
        ("actors.yaml", "6", "kind"),
        ("actors.yaml", "6", "name_en"),
        ("evidence.csv", "2", "observed_on"),
        ("actors.yaml", "6", "sources"),
        ("evidence.csv", "3", "record"),
    ]
    assert "did you mean “src-report”" in mistakes[5]


def test_a_status_from_a_day_to_come_or_without_evidence_is_refused(world):
    folder = world / "wrong"
    folder.mkdir()
    row = {"record": "accord.report.acme", "status": "fulfilled", "reason_en": "Done."}
    rows = [
        row | {"ref": "chg.1", "effective_on": "2190-01-01", "evidence": ["evd-acme"]},
        row | {"ref": "chg.2", "effective_on": "2026-11-20", "evidence": []},
        row | {"ref": "chg.3", "effective_on": "2026-11-20", "evidence": ["evd-acme"], "status": "not_assessed"},
        row | {"ref": "chg.4", "effective_on": "2026-11-20", "evidence": ["evd-acme"], "reason_en": ""},
    ]
    (folder / "status_changes.yaml").write_text(yaml.safe_dump(rows))

    mistakes = refused(folder)

    assert [line.split(":")[2] for line in mistakes] == ["effective_on", "evidence", "status", "reason_en"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("actors.yaml", b"- ref: [", "not YAML"),
        ("actors.yaml", b"ref: acme", "must be a list"),
        ("actors.yaml", b"- acme", "must be a mapping"),
        ("actors.csv", b'ref,kind\n"acme,company\n', "not CSV"),
        ("actors.csv", b"ref\nacme,company\n", "more cells than the header"),
        ("actors.xlsx", b"no sheet", "not a spreadsheet"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(db, tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)

    mistakes = refused(tmp_path)

    assert name in mistakes[0]
    assert said in mistakes[0]


def test_a_file_of_no_known_kind_and_a_folder_that_is_not_there_are_named_with_all_else(world):
    folder = world / "wrong"
    folder.mkdir()
    (folder / "promises.yaml").write_text("- ref: a")
    (folder / "actors.yaml").write_text("- ref: Upper\n")

    mistakes = refused(world / "nowhere", folder)

    assert "no such file or folder" in mistakes[0]
    assert "promises.yaml: A file is named after what it holds" in mistakes[1]
    assert any(":1:ref:" in mistake for mistake in mistakes[2:])


def test_a_wrong_ref_is_told_the_nearest_by_its_beginning_or_its_end(world):
    folder = world / "wrong"
    folder.mkdir()
    named = ["accord.repotr.bolt", "acord.wages.acme", "xyz"]
    rows = [records(2026)["evidence"][0] | {"ref": f"evd-{number}", "record": ref} for number, ref in enumerate(named)]
    (folder / "evidence.yaml").write_text(yaml.safe_dump(rows))

    mistakes = refused(folder)

    assert ["did you mean" in mistake for mistake in mistakes] == [True, True, False]
    assert "“accord.report.bolt”" in mistakes[0]
    assert "“accord.wages.acme”" in mistakes[1]


def test_tables_hold_the_same_as_yaml(world):
    head = ledger.head()
    folder = world / "tables"
    folder.mkdir()
    pledge = Document.objects.get(thing__ref="accord.report.acme").body
    due = {f"due_{part}": value or "" for part, value in pledge["due"].items()}
    columns = {"ref": pledge["ref"], "commitment": pledge["commitment"], "actor": pledge["actor"], **due}
    with (folder / "pledges.csv").open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([[*columns, "title_zh"], [*columns.values(), pledge["title_zh"]]])
    with xlsxwriter.Workbook(folder / "themes.xlsx") as book:
        sheet = book.add_worksheet()
        for number, (name, value) in enumerate(records(2026)["themes"][1].items()):
            sheet.write_row(0, number, [name])
            sheet.write_row(1, number, [value])

    out, _err = run(folder)

    assert "Everything was there already." in out
    assert ledger.head() == head


def test_commitments_make_the_pledges_of_who_is_bound(world):
    load(
        world / "joined",
        {
            "signatures": [
                {"instrument": "accord", "actor": actor, "sources": ["src-report"]} for actor in ("acme", "bolt")
            ],
            "commitments": [
                records(2026)["commitments"][0] | {"ref": "accord.all", "bound": "signatories"},
                records(2026)["commitments"][0] | {"ref": "accord.together", "bound": "signatories", "jointly": True},
                records(2026)["commitments"][0]
                | {"ref": "archive.none", "instrument": "archive", "bound": "signatories"},
            ],
        },
    )

    made = Pledge.objects.exclude(
        commitment__ref__in=["accord.report", "accord.wages", "accord.yearly", "archive.report"]
    )
    assert set(made.values_list("ref", "actor__ref")) == {
        ("accord.all.acme", "acme"),
        ("accord.all.bolt", "bolt"),
        ("accord.together.joint", None),
    }
    assert Commitment.objects.get(ref="archive.none").pledges.count() == 0


def test_a_recurring_promise_has_a_pledge_for_each_period(world):
    parent = Pledge.objects.get(ref="accord.yearly.bolt")

    assert list(parent.instances.order_by("period").values_list("ref", "due_on")) == [
        ("accord.yearly.bolt.2025", date(2025, 6, 30)),
        ("accord.yearly.bolt.2026", date(2026, 6, 30)),
    ]
    assert (parent.due_on, parent.overdue_from) == (None, None)


def test_what_staff_edited_survives_another_load_of_what_follows_from_commitments(world, reviewer):
    Pledge.objects.filter(ref="accord.wages.acme").update(due_date="2027-06")
    publish(things=[Pledge.objects.get(ref="accord.wages.acme").pk], by=reviewer)

    load(world / "again", {"commitments": records(2026)["commitments"]})

    assert Pledge.objects.get(ref="accord.wages.acme").due_date == "2027-06"


def test_a_plan_is_not_applied_over_what_was_published_meanwhile(world, reviewer):
    (world / "late").mkdir()
    changed = records(2026)["actors"][0] | {"name_en": "Acme Limited"}
    (world / "late" / "actors.yaml").write_text(yaml.safe_dump([changed]))
    plan = plan_import([world / "late"])
    Pledge.objects.filter(ref="accord.wages.acme").update(note_en="Meanwhile.")
    publish(things=[Pledge.objects.get(ref="accord.wages.acme").pk], by=reviewer)
    before = ledger.head()

    with pytest.raises(PlanOutOfDate):
        apply_plan(plan)

    assert ledger.head() == before
    assert Publishable.objects.get(ref="acme").as_actor.name_en == "Acme"


@pytest.mark.parametrize("path", ["facets", "changes", "citation", "history", "proof"])
def test_what_is_part_of_an_address_of_the_api_is_no_ref(db, tmp_path, path):
    """/api/v1/actors/facets/ could not lead to it."""
    (tmp_path / "actors.yaml").write_text(yaml.safe_dump([records(2026)["actors"][0] | {"ref": path}]))

    mistakes = refused(tmp_path)

    sentence = f"“{path}” is a part of the API's addresses and cannot be a ref; add a word to it."
    assert any(mistake.endswith(sentence) for mistake in mistakes), mistakes
    with pytest.raises(IntegrityError, match="publishable_ref_no_path"), transaction.atomic():
        Publishable.objects.create(ref=path, resource="actors")
