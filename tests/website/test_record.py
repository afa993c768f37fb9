import re
from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from commitments.models import Commitment, Pledge
from publishing.actions import publish, unpublish
from publishing.ledger import head
from publishing.models import Publishable
from tests.website.conftest import PLEDGE, Reader, both, world
from tracking.models import StatusChange, StatusChangeKind

Correct = Callable[..., StatusChange]
PAGE = f"/en/records/{PLEDGE}/"


def test_a_pledge_page_tells_who_promised_what_where_and_how_it_stands(records: None, reader: Reader) -> None:
    page = reader.open(PAGE)

    assert "Promised by Amazon in Frontier AI Safety Commitments (preamble)" in page
    assert "Publish a framework by the summit in France." in page
    assert "publishing a safety framework The exact words, in English." in page
    assert "fulfilled since 10 February 2025 All of what was promised was done." in page
    assert "10 February 2025 By the summit." in page
    assert "1 supports 10 February 2025 cited for the present status The framework is published." in page
    assert "Framework UK Government English 21 May 2024 text kept: no" in page
    assert "It stands by its promise. Amazon · March 2025 · the gist, in our words" in page
    assert f"?version={head().seq}" in page


def test_a_reason_that_exists_only_in_chinese_is_marked_on_the_english_page(records: None, reader: Reader) -> None:
    english, chinese = reader.html(PAGE), reader.html(PAGE.replace("/en/", "/zh-hans/"))

    assert '<span lang="zh-Hans">已在峰会前公布。</span> <small class="mark">so far only in Chinese</small>' in english
    assert '<p class="reason">已在峰会前公布。</p>' in chinese


def test_both_languages_show_the_same_record_and_lead_to_each_other(records: None, reader: Reader) -> None:
    english = reader.html(f"{PAGE}?as_of=2026-01-01")
    chinese = reader.html(f"/zh-hans/records/{PLEDGE}/?as_of=2026-01-01")

    assert '<html lang="en">' in english
    assert f'<a href="/zh-hans/records/{PLEDGE}/?as_of=2026-01-01" lang="zh-hans"' in english
    assert '<html lang="zh-hans">' in chinese
    assert f'<a href="/en/records/{PLEDGE}/?as_of=2026-01-01" lang="en"' in chinese
    assert "公布安全框架" in chinese and "亚马逊" in chinese and "2025年2月10日" in chinese


def test_a_correction_strikes_the_old_status_and_says_what_was_wrong(
    records: None, correct: Correct, reader: Reader
) -> None:
    correct(
        "partly_fulfilled",
        kind=StatusChangeKind.CORRECTION,
        supersedes=StatusChange.objects.get(ref="chg.amazon"),
        effective_on=date(2025, 2, 10),
        reason_en="Only a part was published.",
        was_wrong_en="An annex is missing.",
    )

    html, page = reader.html(PAGE), reader.open(PAGE)

    assert "partly fulfilled since 10 February 2025 A part of what was promised was done" in page
    assert "What was wrong: An annex is missing." in page
    assert "This was corrected and counts no more." in page
    struck = html[html.index("<s>") : html.index("</s>")]
    assert "not assessed" in struck and "fulfilled" in struck


def test_a_cited_version_still_tells_what_it_told(records: None, correct: Correct, reader: Reader) -> None:
    cited = f"{PAGE}?version={head().seq}"
    before = reader.open(cited)
    correct("partly_fulfilled", reason_en="An annex is missing.")

    after, now = reader.open(cited), reader.open(PAGE)

    assert "partly fulfilled since" in now and "This is the page as it stood" not in now
    assert "partly fulfilled since" not in after
    assert after.split("Data version")[0] == before.split("Data version")[0]
    assert "Read the page as it stands now" in after


def test_known_at_and_as_of_show_the_page_as_it_stood(records: None, correct: Correct, reader: Reader) -> None:
    known = timezone.now().isoformat()
    correct("partly_fulfilled", reason_en="An annex is missing.")

    assert "partly fulfilled since" not in reader.open(f"{PAGE}?known_at={known.replace('+', '%2B')}")
    assert "Status not assessed No status has been decided" in reader.open(f"{PAGE}?as_of=2025-02-09")
    assert "Status fulfilled since 10 February 2025" in reader.open(f"{PAGE}?as_of=2025-02-10")
    assert "It tells what was true on 10 February 2025." in reader.open(f"{PAGE}?as_of=2025-02-10")


@pytest.mark.parametrize(
    ("query", "what_to_do"),
    [
        ("version=x", "“x” is no data version; write a whole number"),
        ("version=-1", "is no data version"),
        ("version=999999999", "There is no data version 999999999 yet"),
        (f"version={'9' * 5000}", "can be looked for"),
        ("version=1&version=2", "is given more than once"),
        ("version=1&known_at=2026-01-01", "not for both"),
        ("known_at=yesterday", "is no moment"),
        ("known_at=2999-01-01", "is still to come"),
        ("known_at=9999-12-31T23:59:59-12:00", "is no moment"),
        ("as_of=2026-02-30", "is no day"),
        ("as_of=2999-01-01", "is still to come"),
        ("as_of=%00", "control characters"),
        ("verison=1", "did you mean “version”?"),
        ("colour=red", "knows no parameter “colour”"),
    ],
)
def test_a_bad_value_gets_a_page_that_says_what_to_do(db: None, reader: Reader, query: str, what_to_do: str) -> None:
    page = reader.open(f"{PAGE}?{query}", status=400)

    assert what_to_do in page
    assert "Read the record as it stands now" in page


def test_what_social_networks_add_to_a_link_does_no_harm(records: None, reader: Reader) -> None:
    assert "This is the page as it stood" not in reader.open(f"{PAGE}?utm_source=letter&fbclid=abc")


def test_a_record_that_was_not_there_yet_is_not_found_at_that_version(records: None, reader: Reader) -> None:
    page = reader.html(f"{PAGE}?version=1", status=404)

    assert "was not public yet at data version 1." in page
    assert f'href="{PAGE}"' in page


def test_an_unpublished_record_is_gone_with_its_note(records: None, editor: User, reader: Reader) -> None:
    cited = f"{PAGE}?version={head().seq}"
    thing = Publishable.objects.get(ref=PLEDGE)
    unpublish(thing=thing, note_en="It named the wrong company.", note_zh="公司有误。", by=editor)

    assert "It named the wrong company." in reader.open(PAGE, status=410)
    assert "公司有误。" in reader.open(PAGE.replace("/en/", "/zh-hans/"), status=410)
    assert "It named the wrong company." in reader.open(cited, status=410)
    assert "Publish a safety framework" not in reader.open("/en/records/")


def test_nobody_sees_a_draft(records: None, editor: User, reader: Reader) -> None:
    commitment = Commitment.objects.get(ref="seoul-commitments.publish")
    draft = Pledge.objects.create(ref="draft.of.a.pledge", commitment=commitment, title_en="A draft", title_zh="草稿")

    reader.open(f"/en/records/{draft.ref}/", status=404)
    for path in ("/en/", "/en/records/", "/en/instruments/seoul-commitments/", "/en/themes/safety/"):
        assert "A draft" not in reader.open(path)

    publish(things=[draft.pk], by=editor)
    page = reader.open(f"/en/records/{draft.ref}/")
    assert "Promised jointly by all signatories of the instrument in Frontier AI Safety Commitments" in page
    assert "A draft" in reader.open("/en/actors/amazon/")


def test_an_unknown_record_is_not_found_and_can_be_searched_for(records: None, reader: Reader) -> None:
    page = reader.html("/en/records/no-such-thing/", status=404)

    assert "There is nothing at this address" in page
    assert '<form class="search" action="/en/records/"' in page
    # An actor has a page of its own; it is no record.
    reader.open("/en/records/amazon/", status=404)


def test_a_joint_promise_names_who_is_bound_and_stands_on_their_pages(
    records: None, load: Callable[..., None], reader: Reader
) -> None:
    commitment = world()["commitments"][0] | {
        "ref": "seoul-commitments.together",
        "title_en": "Work together",
        "bound": ["amazon", "xue-lan"],
        "jointly": True,
    }
    load(commitments=[commitment])

    assert "Promised jointly by Amazon , Xue Lan in" in reader.open("/en/records/seoul-commitments.together.joint/")
    assert "Work together" in reader.open("/en/actors/xue-lan/")


def test_a_proposal_shows_where_its_language_versions_differ_and_what_took_it_up(records: None, reader: Reader) -> None:
    page = reader.open("/en/records/safe-zones.early-warning/")

    assert "proposal · part of Safe zones" in page
    assert "Proposed by Xue Lan in Talk on Capitol Hill" in page
    assert "Only in the Chinese text The English text does not share them. Chinese · paragraph 23" in page
    assert "paragraph 21 Warn early." in page
    assert "It is no claim that the proposal caused it. Dialogue on AI A channel. Framework" in page
    assert "Sharing of early warnings not assessed" in reader.open("/en/records/safe-zones/")


def test_a_mechanism_shows_its_meetings_in_their_order(records: None, reader: Reader) -> None:
    page = reader.open("/en/records/dialogue/")

    assert "May 2024 · held First round Came out of it: Frontier AI Safety Commitments" in page
    assert "day unknown · scheduled Second round" in page


def test_an_overdue_record_says_so_and_that_it_is_no_status(
    records: None, load: Callable[..., None], reader: Reader
) -> None:
    load(
        actors=[both(ref="meta", kind="company", name=("Meta", "Meta"), sources=["src-commitments"])],
        signatures=[{"instrument": "seoul-commitments", "actor": "meta", "sources": ["src-commitments"]}],
        commitments=world()["commitments"],
    )

    page = reader.open("/en/records/seoul-commitments.publish.meta/")

    assert "Overdue. Its day, 10 February 2025, has passed, and nothing has been decided" in page
    assert "it is no status and does not say that the promise was broken" in page


def test_a_response_that_disputes_the_status_makes_the_record_contested(
    records: None, load: Callable[..., None], reader: Reader
) -> None:
    before = head().seq
    response = world()["responses"][0]
    load(responses=[response | {"ref": "rsp-disputing", "word_for_word": True, "disputes": True}])

    page = reader.open(PAGE)

    assert "Contested. A response on this page disputes the status." in page
    assert "Amazon · March 2025 · word for word · disputes the status" in page
    assert "fulfilled since 10 February 2025" in page
    assert "contested" in reader.open("/en/records/?status=fulfilled")
    assert "Contested." not in reader.open(f"{PAGE}?version={before}")


def test_a_record_can_be_followed_from_its_page(records: None, reader: Reader) -> None:
    assert f'href="/en/subscribe/?follow={PLEDGE}"' in reader.html(PAGE)
    assert f'href="/zh-hans/subscribe/?follow={PLEDGE}"' in reader.html(PAGE.replace("/en/", "/zh-hans/"))


def test_a_revised_text_can_be_read_as_it_was(records: None, load: Callable[..., None], reader: Reader) -> None:
    before = head().seq
    proposal = world()["proposals"][0]
    load(proposals=[proposal | {"summary_en": "Fields in which scientists work together."}])

    assert "Fields in which scientists work together." in reader.open("/en/records/safe-zones/")
    assert "Fields of cooperation." in reader.open(f"/en/records/safe-zones/?version={before}")
    assert f"/en/records/safe-zones/?version={before}" in reader.html("/en/records/safe-zones/")


def test_more_history_costs_no_more_queries(
    records: None, correct: Correct, load: Callable[..., None], reader: Reader
) -> None:
    with CaptureQueriesContext(connection) as few:
        reader.open(PAGE)
    evidence = world()["evidence"][0]
    load(evidence=[evidence | {"ref": f"evd-more-{number}"} for number in range(5)])
    for status in ("partly_fulfilled", "in_progress", "stalled"):
        correct(status, reason_en="It changed.")

    with CaptureQueriesContext(connection) as many:
        reader.open(PAGE)

    assert len(many) == len(few)


def test_one_link_leads_from_the_page_down_to_what_it_rests_on(records: None, reader: Reader) -> None:
    for language, words in (("en", "proof of this record"), ("zh-hans", "本记录的核验材料")):
        shown = reader.html(PAGE.replace("/en/", f"/{language}/"))
        address = re.search(rf'<a href="([^"]+)">{words}</a>', shown)
        assert address and f"--ref {PLEDGE}" in shown
        proof = reader.client.get(f"{unescape(address[1])}&lang={language[:2]}").json()
        assert proof["rows"][0]["ref"] == PLEDGE
        assert proof["explained_url"].endswith(f"/{language}/verify/")
        assert "--ref REF" in reader.open(f"/{language}/verify/")


def test_a_page_carries_no_script_and_no_style_of_its_own(records: None, reader: Reader) -> None:
    for path in ("/en/", PAGE, "/en/records/", "/en/statuses/", "/en/method/", "/en/verify/", "/en/actors/amazon/"):
        answer = reader.client.get(path)

        html = answer.content.decode()
        assert "<script" not in html and " style=" not in html and "<style" not in html
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
