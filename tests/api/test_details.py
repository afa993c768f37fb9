"""What is known of one thing, now and as it stood."""

from datetime import UTC, date, datetime

import pytest

from commitments.models import Pledge
from tests.api.conftest import BASE
from tests.api.test_lists import RESOURCES
from tracking.actions import approve_decision, prepare_decision
from tracking.models import Evidence, Record, StatusChange, StatusChangeKind

PARIS = "bletchley-chairs-statement.france-summit.state-fr"
PAGE = f"pledges/{PARIS}/"


def decide(editor, **words):
    record = Record.objects.get(ref=PARIS)
    decision = prepare_decision(
        record=record,
        evidence=list(Evidence.objects.filter(record=record, stance="supports")),
        by=editor,
        now=datetime.now(UTC),
        **words,
    )
    return approve_decision(decision=decision, by=editor, now=datetime.now(UTC))


def test_one_request_tells_all_that_is_known_of_a_record(api):
    pledge = api.get(PAGE)

    assert pledge["status"] == "fulfilled"
    assert pledge["actor"] == {"ref": "state-fr", "resource": "actors", "name_en": "France", "name_zh": "法国"}
    (change,) = pledge["history"]
    assert change["holds"] is True
    assert change["evidence"] == ["evd-paris-deadline", "evd-paris-held"]
    assert change["ledger"]["seq"] > pledge["ledger"]["seq"]
    assert [row["source"]["publisher"] for row in pledge["evidence"]] == ["bactf.com", "外務省 (Japan)"]
    assert pledge["promise"]["text_en"] == "Host the next in-person summit about a year after Bletchley."
    assert pledge["promise"]["instrument"]["title_zh"] == "2023年人工智能安全峰会主席总结"
    assert pledge["citation_url"] == f"{pledge['url']}?version={pledge['version']}&as_of={pledge['as_of']}"
    assert api.get(f"records/{PARIS}/") == pledge


@pytest.mark.parametrize("name", RESOURCES)
def test_everything_that_is_listed_answers_at_its_own_address(api, name):
    for result in api.get(f"{name}/", page_size=3)["results"]:
        detail = api.follow(result["url"])

        # A proposal's own page tells its passages whole.
        listed = {key: value for key, value in result.items() if key not in ("resource", "passages")}
        assert {key: detail[key] for key in listed} == listed


def test_a_detail_takes_the_same_queries_however_much_there_is(api, editor, django_assert_num_queries):
    with django_assert_num_queries(21):
        api.get(PAGE)

    for day in range(1, 9):
        decide(editor, status="in_progress", effective_on=date(2024, 1, day), reason_en="Under way.")

    with django_assert_num_queries(21):
        assert len(api.get(PAGE)["history"]) == 9


def test_a_correction_changes_what_holds_and_not_what_was_said(api, editor):
    before = api.get(PAGE)
    wrong = StatusChange.objects.get(ref=before["history"][0]["ref"])

    decide(
        editor,
        kind=StatusChangeKind.CORRECTION,
        status="partly_fulfilled",
        effective_on=date(2025, 2, 10),
        reason_en="Only a part was held.",
        supersedes=wrong,
        was_wrong_en="We took the part for the whole.",
    )
    after = api.get(PAGE)

    assert (after["status"], after["status_since"]) == ("partly_fulfilled", "2025-02-10")
    assert [change["superseded_by"] for change in after["history"]] == [after["history"][1]["ref"], None]
    assert [change["holds"] for change in after["history"]] == [False, True]
    assert after["version"] > before["version"]

    then = api.get(PAGE, version=before["version"])
    assert (then["status"], then["history"]) == ("fulfilled", before["history"])
    assert api.get(PAGE, known_at=before["history"][0]["ledger"]["recorded_at"])["status"] == "fulfilled"
    assert api.get(PAGE, as_of="2025-02-10")["status"] == "partly_fulfilled"
    assert api.get(PAGE, as_of="2025-02-10", version=before["version"])["status"] == "not_assessed"
    assert api.get(PAGE, as_of="2024-06-30")["status"] == "not_assessed"
    assert api.get("pledges/", as_of="2024-06-30", status="not_assessed", ref=PARIS)["results"][0]["assessed"] is False

    assert api.refs("pledges/", actor="state-fr", status="partly_fulfilled") == [PARIS]
    assert PARIS in api.refs("pledges/", actor="state-fr", status="fulfilled", version=before["version"])
    assert PARIS not in api.refs("pledges/", actor="state-fr", status="fulfilled")
    assert api.refs("status-changes/", supersedes=wrong.ref, as_of="2025-01-01") == [after["history"][1]["ref"]]


def test_a_revised_title_is_told_as_it_was_at_the_version_that_is_cited(api, publishing):
    before = api.get(PAGE)
    pledge = Pledge.objects.get(ref=PARIS)
    pledge.title_en = "Zeppelin summit in France"
    pledge.save()
    publishing(pledge)

    assert api.get(PAGE)["title_en"] == "Zeppelin summit in France"
    assert api.follow(before["citation_url"])["title_en"] == "Summit in France"
    assert api.follow(before["citation_url"])["ledger"] == before["ledger"]
    assert api.refs("records/", q="zeppelin") == [PARIS]
    assert api.refs("records/", q="zeppelin", version=before["version"]) == []
    assert api.get(f"evidence/{before['evidence'][0]['ref']}/")["record"]["title_en"] == "Zeppelin summit in France"
    last = api.get("pledges/", ordering="-title_en", page_size=1)["results"][0]
    assert last["ref"] == PARIS
    assert api.refs("pledges/", ordering="-title_en", page_size=1, version=before["version"]) != [PARIS]


def test_before_the_first_publication_there_is_nothing(api):
    assert api.get("pledges/", version=0)["results"] == []
    assert api.get("pledges/", known_at="2020-01-01T00:00:00Z", count="true")["count"] == 0
    assert "at the data version 1." in api.problem(PAGE, version=1)["detail"]
    assert api.problem(PAGE, version=0)["status"] == 404
    assert api.get("pledges/", as_of="1999-01-01", assessed="true")["results"] == []


def test_only_the_fields_that_are_asked_for_are_told(api):
    assert api.get(PAGE, fields="status,title_zh") == {"title_zh": "法国峰会", "status": "fulfilled"}
    assert set(api.get(PAGE, fields="history,ledger")) == {"history", "ledger"}
    assert [list(row) for row in api.get("actors/", fields="ref,name_zh", page_size=2)["results"]] == [
        ["ref", "name_zh"]
    ] * 2


def test_a_ref_of_another_kind_is_a_404_that_says_where_it_is(api):
    problem = api.problem("actors/cap24-group-of-friends/")

    assert (problem["status"], problem["code"]) == (404, "is_elsewhere")
    assert problem["url"] == f"{BASE}/api/v1/commitments/cap24-group-of-friends/"
    assert api.problem("actors/state-cnn/")["url"] == f"{BASE}/api/v1/actors/state-cn/"


def test_what_holds_back_a_list_is_refused_on_a_detail(api):
    for name in ("page_size", "q", "status", "ordering", "count", "cursor"):
        problem = api.problem(PAGE, **{name: "1"})
        assert (problem["status"], problem["code"]) == (400, "unknown_parameter")
    assert api.problem(PAGE, format="csv")["status"] == 400
