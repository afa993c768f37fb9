import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from publishing.actions import unpublish
from publishing.models import Publishable
from tests.website.conftest import PLEDGE, Reader, both, world
from tracking.statuses import STATUSES


def listed(html: str) -> list[str]:
    """Return the refs of the records that a page lists, in its order."""
    return re.findall(r'<p class="entry-title"><a href="/en/records/([^/"]+)/"', html)


def test_all_records_are_listed_the_latest_status_first(records: None, reader: Reader) -> None:
    html = reader.html("/en/records/")

    assert listed(html) == [PLEDGE, "dialogue", "safe-zones", "safe-zones.early-warning"]
    assert "4 records" in html


def test_records_can_be_chosen(records: None, reader: Reader) -> None:
    talk = ["safe-zones", "safe-zones.early-warning"]
    expected = {
        "resource=proposals": talk,
        "status=fulfilled": [PLEDGE],
        "theme=evaluation": [PLEDGE],
        "theme=safety": [PLEDGE, "safe-zones"],
        "actor=amazon": [PLEDGE],
        "actor=xue-lan": ["dialogue", *talk],
        "instrument=talk-2026-04-30": talk,
        "instrument=talk-2026-04-30&status=fulfilled": [],
        "overdue=true": [],
        "sort=title": ["dialogue", PLEDGE, *talk],
        "q=": [PLEDGE, "dialogue", *talk],
    }

    assert {query: listed(reader.html(f"/en/records/?{query}")) for query in expected} == expected


def test_records_are_found_by_their_words_and_those_of_actor_document_and_promise(
    records: None, reader: Reader
) -> None:
    expected = {
        "framework": [PLEDGE],
        "Amazon": [PLEDGE],
        "预警": ["safe-zones.early-warning"],
        "两国": ["dialogue"],
        "nothing of the kind": [],
    }

    assert {words: listed(reader.html(f"/en/records/?q={quote(words)}")) for words in expected} == expected


def test_a_search_leads_to_the_pages_of_what_has_these_words(records: None, reader: Reader) -> None:
    assert 'Actors, documents and themes with these words: <a href="/en/actors/amazon/">Amazon</a>' in reader.html(
        "/en/records/?q=amazon"
    )


def test_the_counts_are_links_that_keep_what_was_chosen(records: None, reader: Reader) -> None:
    html = reader.html("/en/records/?actor=xue-lan&sort=title")

    assert "?actor=xue-lan&amp;sort=title&amp;resource=proposals&amp;status=not_assessed" in html
    assert 'Actor: <a href="/en/actors/xue-lan/">Xue Lan</a>' in html
    assert "100% not assessed" in html


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("status=done", "“done” is not possible for “status”"),
        ("resource=actors", "“actors” is not possible for “resource”"),
        ("overdue=maybe", "“maybe” is not possible for “overdue”"),
        ("sort=random", "“random” is not possible for “sort”"),
        ("page=0", "There is no page “0” in this list; it has 1."),
        ("page=2", "There is no page “2” in this list; it has 1."),
        ("page=1e3", "There is no page “1e3”"),
        ("q=%00", "control characters"),
        ("statsu=fulfilled", "did you mean “status”?"),
    ],
)
def test_a_senseless_choice_is_refused(db: None, reader: Reader, query: str, says: str) -> None:
    page = reader.open(f"/en/records/?{query}", status=400)

    assert says in page
    assert "Show this page without the parameters" in page


def test_an_unknown_actor_is_not_found(records: None, reader: Reader) -> None:
    reader.open("/en/records/?actor=nobody", status=404)
    reader.open("/en/records/?actor=safety", status=404)


def many(number: int) -> dict[str, list[dict[str, object]]]:
    template = world()["proposals"][0]
    return {
        "proposals": [
            template | both(ref=f"idea-{count:02}", title=(f"Idea {count}", f"主张{count}")) for count in range(number)
        ]
    }


def test_a_long_list_is_read_page_by_page(records: None, load: Callable[..., None], reader: Reader) -> None:
    load(**many(30))

    first, second = (
        reader.html("/en/records/?resource=proposals"),
        reader.html("/en/records/?resource=proposals&page=2"),
    )

    assert "page 1 of 2" in first and "resource=proposals&amp;page=2" in first
    assert len(listed(first)) == 25
    assert len(listed(second)) == 7
    assert len({*listed(first), *listed(second)}) == 32


def test_a_longer_list_costs_no_more_queries(records: None, load: Callable[..., None], reader: Reader) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            reader.open("/en/records/")
        return len(queries)

    before = count()
    load(**many(20))

    assert count() == before


def test_what_an_actor_a_document_and_a_theme_have_stands_on_their_pages(records: None, reader: Reader) -> None:
    actor, instrument, theme = (
        reader.open(f"/en/{page}/") for page in ("actors/amazon", "instruments/talk-2026-04-30", "themes/safety")
    )

    assert "company · United States Amazon" in actor
    assert "Pledges 1 0% are not assessed" in actor and "Publish a safety framework" in actor
    assert "speech · voluntary Talk on Capitol Hill A talk in two texts." in instrument
    assert "Proposals 2 100% are not assessed" in instrument
    assert "Only in the Chinese text The English text does not share them. about Sharing of early" in instrument
    assert "Keeping it safe." in theme and "Evaluation" in theme and "Publish a safety framework" in theme
    assert "亚马逊" in reader.open("/zh-hans/actors/amazon/")
    assert "Signed by 1 Amazon" in reader.open("/en/instruments/seoul-commitments/")


def test_pages_of_what_is_unknown_or_was_unpublished(records: None, editor: User, reader: Reader) -> None:
    unpublish(thing=Publishable.objects.get(ref="amazon"), note_en="Merged.", note_zh="合并。", by=editor)

    assert "Merged." in reader.open("/en/actors/amazon/", status=410)
    reader.open("/en/actors/nobody/", status=404)
    reader.open("/en/actors/safety/", status=404)
    reader.open("/en/themes/safety/?sort=title", status=400)
    # The pledge hung on its actor.
    reader.open(f"/en/records/{PLEDGE}/", status=410)


def test_the_method_and_every_status_are_explained(db: None, reader: Reader) -> None:
    method, statuses = reader.open("/en/method/"), reader.open("/en/statuses/")

    assert "A program never sets a status." in method
    assert "Right of reply" in method and "Corrections" in method
    assert "not_fulfilled" in statuses
    assert "Open Government Partnership: Not started PolitiFact: Promise Broken" in statuses
    assert '<dd lang="zh-hans">' in reader.html("/en/statuses/")


def test_every_colour_of_a_status_is_in_the_style_sheet() -> None:
    sheet = Path(str(finders.find("website/pactwatch.css"))).read_text()

    for colour in {status.colour for status in STATUSES.values()} - {"grey"}:
        assert f".status.{colour} {{" in sheet
        assert f".fill-{colour} {{" in sheet
        assert f".verdict.{colour} {{" in sheet


def test_a_request_for_another_host_gets_a_plain_page(db: None, client: Client) -> None:
    answer = client.get("/en/", headers={"Host": "elsewhere.example"})

    assert answer.status_code == 400
    assert "The request could not be understood" in answer.content.decode()


def test_who_has_a_page_already_gets_it_only_when_something_changed(
    records: None, load: Callable[..., None], reader: Reader
) -> None:
    first = reader.client.get("/en/")
    known = {"If-None-Match": first.headers["ETag"]}

    assert first.headers["Cache-Control"] == "public, no-cache"
    assert reader.client.get("/en/", headers=known).status_code == 304

    load(**many(1))

    assert reader.client.get("/en/", headers=known).status_code == 200


def test_pages_are_only_read(records: None, reader: Reader) -> None:
    assert reader.client.post("/en/records/", {"q": "x"}).status_code == 405
    assert reader.client.head(f"/en/records/{PLEDGE}/").status_code == 200
