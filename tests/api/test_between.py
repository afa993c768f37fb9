"""What changed between two versions, days or moments, for any filtered set."""

from datetime import UTC, date, datetime

import pytest

from catalog.models import Actor
from publishing.actions import unpublish
from publishing.models import Change, Publishable
from tests.api.test_details import PARIS, decide
from tests.api.test_history import revise


def between(api, **parameters):
    return api.get("changes/", **parameters)["results"]


def test_two_versions_differ_in_what_came_what_went_and_what_changed(api, publishing, editor):
    known = api.get("pledges/", page_size=1)["version"]
    revise(publishing, title_en="Host the next summit")
    middle = decide(editor, status="in_progress", effective_on=date(2026, 1, 1), reason_en="Under way.").seq
    unpublish(thing=Publishable.objects.get(ref="evd-un-panel-brief"), note_en="Wrong.", note_zh="", by=editor)
    added = Actor(ref="atlantis", kind="state", name_en="Atlantis", name_zh="亚特兰蒂斯")
    added.save()
    publishing(added)

    found = {row["ref"]: row for row in between(api, **{"from": known})}

    assert {ref: row["change"] for ref, row in found.items()} == {
        PARIS: "changed",
        f"chg.{PARIS}.2026-01-01": "added",
        "evd-un-panel-brief": "taken_out",
        "atlantis": "added",
    }
    pledge = found[PARIS]
    assert [each["in_words"] for each in pledge["differences"]] == [
        "title (English): Summit in France → Host the next summit"
    ]
    assert (pledge["status_before"], pledge["status_after"]) == ("fulfilled", "in_progress")
    assert pledge["status_in_words"] == "fulfilled → in progress"
    assert api.follow(pledge["url"])["title_en"] == "Host the next summit"
    assert len(api.follow(pledge["ledger_url"])["results"]) == 1
    assert found["atlantis"]["name_zh"] == "亚特兰蒂斯"
    assert found["evd-un-panel-brief"]["differences"] == []

    (later,) = between(api, **{"from": middle - 1, "to": middle, "resource": "pledges"})
    assert (later["status_after"], later["differences"]) == ("in_progress", [])
    (backwards, *_rest) = between(api, **{"from": known, "ordering": "-ref"})
    assert backwards["ref"] == "evd-un-panel-brief"


def test_the_filters_of_records_choose_what_is_compared(api, publishing, editor):
    known = api.get("pledges/", page_size=1)["version"]
    revise(publishing, title_en="Host the next summit")
    decide(editor, status="in_progress", effective_on=date(2026, 1, 1), reason_en="Under way.")

    def refs(**parameters):
        return [row["ref"] for row in between(api, **{"from": known}, **parameters)]

    for parameters in (
        {"actor": "state-fr"},
        {"instrument": "bletchley-chairs-statement"},
        {"theme": "coordination"},
        {"country": "FR"},
        {"resource": "pledges"},
        {"status": "fulfilled"},
        {"status": "in_progress"},
        {"q": "next summit"},
    ):
        assert refs(**parameters) == [PARIS], parameters
    for parameters in ({"actor": "state-cn"}, {"resource": "mechanisms"}, {"status": "stalled"}):
        assert refs(**parameters) == [], parameters
    assert refs(resource__in="pledges,status-changes") == [PARIS, f"chg.{PARIS}.2026-01-01"]
    lines = b"".join(api.ask("changes/", **{"from": known, "actor": "state-fr", "format": "csv"})).decode()
    assert "title (English): Summit in France → Host the next summit" in lines


def test_days_and_moments_mean_what_stood_when_they_began_and_ended(api, publishing):
    loaded = Change.objects.get().recorded_at
    today = loaded.astimezone(UTC).date().isoformat()
    revise(publishing, title_en="Host the next summit")

    since_morning = api.get("changes/", **{"from": today, "count": "true", "page_size": 1})
    assert since_morning["from"]["version"] == 0 and since_morning["count"] > 1_000
    since_the_load = between(api, **{"from": loaded.isoformat().replace("+00:00", "Z")})
    assert [row["ref"] for row in since_the_load] == [PARIS]
    assert between(api, **{"from": "2020-01-01", "to": "2020-12-31"}) == []
    answer = api.ask("changes/", **{"from": 0, "to": since_morning["version"] - 1})
    assert answer.headers["Cache-Control"] == "public, max-age=300"


def test_pages_of_what_changed_join_without_a_gap_and_cost_the_same(api, django_assert_num_queries):
    whole = [row["ref"] for row in between(api, **{"from": 0, "page_size": 500, "resource": "sources"})]

    page, joined = api.get("changes/", **{"from": 0, "page_size": 100, "resource": "sources"}), []
    while True:
        joined += [row["ref"] for row in page["results"]]
        if page["next"] is None:
            break
        page = api.follow(page["next"])

    assert joined[:500] == whole[:500] and len(set(joined)) == len(joined)
    for size in (1, 200):
        with django_assert_num_queries(13):
            api.get("changes/", **{"from": 0, "page_size": size, "resource": "pledges"})


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"theme": "coordination"}, "from=2026-06-01"),
        ({"to": "2026-01-01"}, "from=2026-06-01"),
        ({"from": "yesterday"}, "a day such as 2026-06-01"),
        ({"from": "2026-02-30"}, "a day such as 2026-06-01"),
        ({"from": "9" * 15}, "lies after"),
        ({"from": "0", "to": "9" * 15}, "no data version"),
        ({"from": "5", "to": "4"}, "lies after"),
        ({"from": "0", "to": "2199-01-01"}, "still to come"),
        ({"from": "0", "theme": "coordinatoin"}, "coordination"),
        ({"from": "0", "act": "import"}, "act"),
    ],
)
def test_points_that_make_no_sense_are_refused_with_what_to_do(api, parameters, said):
    problem = api.problem("changes/", **parameters)

    assert problem["status"] == 400
    assert said in problem["detail"]


def test_without_points_the_acts_are_listed_as_before(api):
    (act,) = api.get("changes/", act="import")["results"]

    assert act["first_seq"] == 1
    assert datetime.fromisoformat(act["recorded_at"]).tzinfo is not None
