import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from publishing.ledger import head
from tests.website.conftest import PLEDGE, Reader, both, world
from tracking.models import StatusChange


@pytest.mark.parametrize(
    ("wanted", "page"), [("zh-CN,zh;q=0.9", "/zh-hans/"), ("en-US", "/en/"), ("fr", "/en/"), ("", "/en/")]
)
def test_the_root_leads_to_the_readers_language(db: None, client: Client, wanted: str, page: str) -> None:
    answer = client.get("/", headers={"Accept-Language": wanted})

    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    assert "Accept-Language" in answer.headers["Vary"]


def test_an_empty_tracker_has_a_start_page(db: None, reader: Reader) -> None:
    page = reader.open("/en/")

    assert "No status has been published yet." in page
    assert "Nothing has been recorded yet." in page


def test_the_start_page_counts_by_status_and_says_how_many_nobody_has_assessed(records: None, reader: Reader) -> None:
    page = reader.open("/en/")

    assert "Pledges 1 0% are not assessed: 0 of 1 have no status yet. fulfilled 1" in page
    assert "Mechanisms 1 100% are not assessed: 1 of 1 have no status yet. not assessed 1" in page
    assert "Proposals 2 100% are not assessed" in page


def test_periods_count_and_the_recurring_pledge_that_they_belong_to_does_not(
    records: None, load: Callable[..., None], reader: Reader
) -> None:
    year = timezone.now().year
    due = {"kind": "recurring", "date": str(year), "every": "P1Y"}
    load(commitments=[world()["commitments"][0] | {"ref": "seoul-commitments.review", "due": due}])

    # The first pledge and the periods of this year and the next.
    assert "Pledges 3 67% are not assessed: 2 of 3 have no status yet." in reader.open("/en/")


def test_the_latest_changes_come_first_with_what_they_changed(
    records: None, correct: Callable[..., StatusChange], reader: Reader
) -> None:
    correct("partly_fulfilled", reason_en="An annex is missing.")

    changes = reader.open("/en/").split("What changed last")[1].split("Deadlines")[0]

    first, second = re.findall(r"(\w[\w ]*) → (\w[\w ]*) since", changes)
    assert (first[0].strip()[-9:], first[1].strip()) == ("fulfilled", "partly fulfilled")
    assert (second[0].strip()[-12:], second[1].strip()) == ("not assessed", "fulfilled")
    assert "Amazon · 1 piece of evidence".replace(" · ", " ") in changes


def test_deadlines_that_come_and_that_have_passed_are_told_apart(
    records: None, load: Callable[..., None], reader: Reader
) -> None:
    def commitment(name: str, title: str, day: str) -> dict[str, object]:
        due = {"kind": "fixed", "date": day}
        return world()["commitments"][0] | both(ref=f"seoul-commitments.{name}", title=(title, "承诺"), due=due)

    today = timezone.now().date()
    load(
        commitments=[
            commitment("soon", "Due in a month", (today + timedelta(days=40)).isoformat()),
            commitment("past", "Due last month", (today - timedelta(days=30)).isoformat()),
            commitment("far", "Due much later", (today + timedelta(days=400)).isoformat()),
        ]
    )

    coming, passed = reader.open("/en/").split("In the next 60 days")[1].split("Day passed, nothing decided yet")

    assert coming.startswith(" 1 ") and "Due in a month" in coming and "Due last month" not in coming
    assert (
        passed.startswith(" 1 ")
        and "Due last month" in passed
        and "it does not say that a promise was broken" in passed
    )
    assert "Due much later" not in coming + passed


def test_the_talk_opens_the_way_into_its_proposals_and_their_parts(records: None, reader: Reader) -> None:
    html = reader.html("/en/")

    opening = html[html.index('id="opening"') :]
    assert '<a href="/en/instruments/talk-2026-04-30/">Talk on Capitol Hill</a>' in opening
    assert opening.index("/en/records/safe-zones/") < opening.index("/en/records/safe-zones.early-warning/")


def test_every_page_names_the_data_version_the_head_and_the_licence(records: None, reader: Reader) -> None:
    last = head()

    for path in ("/en/", f"/en/records/{PLEDGE}/", "/en/records/", "/en/method/", "/en/verify/", "/en/actors/amazon/"):
        html = reader.html(path)
        assert f"Data version <strong>{last.seq}</strong>, recorded on" in html
        assert f'<a href="/api/v1/ledger/"><code>{last.hash}</code></a>' in html
        assert "CC BY 4.0" in html and 'href="/api/docs/"' in html


def test_more_records_cost_the_start_page_no_more_queries(
    records: None, load: Callable[..., None], reader: Reader
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            reader.open("/en/")
        return len(queries)

    day = (timezone.now().date() + timedelta(days=20)).isoformat()

    def commitments(first: int, last: int) -> list[dict[str, object]]:
        due = {"kind": "fixed", "date": day}
        return [
            world()["commitments"][0] | {"ref": f"seoul-commitments.c{number}", "due": due}
            for number in range(first, last)
        ]

    load(commitments=commitments(0, 1))
    before = count()
    load(commitments=commitments(1, 7))

    assert count() == before
