"""Everything that touched a thing, in words, each position leading down to the ledger."""

from datetime import date

from commitments.models import Pledge
from publishing.actions import unpublish
from publishing.models import Publishable
from tests.api.test_details import PARIS, decide

HISTORY = f"pledges/{PARIS}/history/"


def revise(publishing, **words):
    pledge = Pledge.objects.get(ref=PARIS)
    for name, value in words.items():
        setattr(pledge, name, value)
    pledge.save()
    return publishing(pledge)


def test_a_history_tells_what_changed_in_words_and_leads_down_to_the_ledger(api, publishing, editor):
    began = api.get(HISTORY, ordering="seq")["results"]
    assert [row["resource"] for row in began] == ["pledges", "evidence", "evidence", "status-changes"]
    assert {row["action"] for row in began} == {"published"}

    revised = revise(publishing, title_en="Host the next summit", due_kind="fixed", due_date="2025-02")
    decide(editor, status="in_progress", effective_on=date(2026, 1, 1), reason_en="Under way.")

    newest = api.get(HISTORY, page_size=2)
    status, text = newest["results"]
    assert [each["in_words"] for each in status["differences"]] == ["status: fulfilled → in progress"]
    words = [each["in_words"] for each in text["differences"]]
    assert words[:2] == [
        "title (English): Summit in France → Host the next summit",
        "due date: November 2024 → February 2025",
    ]
    assert text["differences"][0]["after"] == "Host the next summit"
    (row,) = api.follow(text["ledger_url"])["results"]
    assert (row["seq"], row["hash"], row["document"]["title_en"]) == (revised, text["hash"], "Host the next summit")
    assert api.follow(text["url"])["title_en"] == "Host the next summit"
    assert [row["seq"] for row in api.follow(newest["next"])["results"]] == [row["seq"] for row in began[:1:-1]]
    assert api.get(HISTORY, version=revised - 1, ordering="seq")["results"] == began
    chinese = api.get(HISTORY, page_size=1, lang="zh")["results"][0]
    assert chinese["differences"][0]["in_words"] == "状态：已履行 → 进行中"
    assert api.get(f"records/{PARIS}/history/")["results"] == api.get(HISTORY)["results"]
    assert b"status: fulfilled \xe2\x86\x92 in progress" in b"".join(api.ask(HISTORY, format="csv"))


def test_a_history_costs_the_same_queries_however_long_it_is(api, editor, django_assert_num_queries):
    with django_assert_num_queries(9):
        assert len(api.get(HISTORY)["results"]) == 4

    for day in range(1, 9):
        decide(editor, status="in_progress", effective_on=date(2025, 3, day), reason_en="Under way.")

    with django_assert_num_queries(9):
        assert len(api.get(HISTORY)["results"]) == 12


def test_what_was_unpublished_stays_in_the_history_without_its_texts(api, editor):
    other = Publishable.objects.get(ref="evd-un-panel-brief")
    record = api.get(f"evidence/{other.ref}/")["record"]

    unpublish(thing=other, note_en="Wrong.", note_zh="", by=editor)

    newest = api.get(f"{record['resource']}/{record['ref']}/history/")["results"][0]
    assert (newest["ref"], newest["action"], newest["note_en"]) == (other.ref, "unpublished", "Wrong.")
    assert newest["differences"] == []
    assert api.problem(f"evidence/{other.ref}/history/")["status"] == 410


def test_a_history_of_what_is_not_there_says_where_to_look(api):
    assert api.problem(f"pledges/{PARIS}x/history/")["url"].endswith(f"/{PARIS}/")
    assert api.problem(f"mechanisms/{PARIS}/history/")["code"] == "is_elsewhere"
    assert api.problem(HISTORY, as_of="2026-01-01")["code"] == "unknown_parameter"
    assert api.problem(HISTORY, ordering="ref")["status"] == 400
    assert api.get(HISTORY, version=1)["results"] == []
