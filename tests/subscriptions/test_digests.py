"""What a digest says, whom it tells, and that it tells each thing once."""

import re
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from publishing import ledger
from publishing.actions import publish, unpublish
from publishing.models import SignedHead
from sources.models import Source
from subscriptions.digests import compose_due
from subscriptions.models import Digest, Message, Subscription, ToldDeadline
from tests.commitments.world import decide, load, move_deadline
from tests.subscriptions.conftest import compose, html_of, send, text_of
from tracking.models import Record, Response
from tracking.statuses import STATUSES

pytestmark = pytest.mark.usefixtures("world", "clock")

ACME, BOLT, WAGES = "accord.report.acme", "accord.report.bolt", "accord.wages.acme"
DAY = date(2026, 11, 20)
SOON = "2090-06-01T08:00Z"


def told(email: str) -> list[str]:
    """Return the subjects of the digests written to an address, oldest first."""
    digests = Message.objects.filter(kind="digest", to=email).order_by("pk")
    return list(digests.values_list("subject", flat=True))


def test_a_status_change_is_told_with_reason_evidence_and_version(ada, reviewer):
    ada.subscribe()
    decide(ACME, "in_progress", on=DAY, by=reviewer)
    head = ledger.head()
    call_command("run_job", "sign_head", "--at", SOON, verbosity=0)
    signed = SignedHead.objects.get()

    compose(SOON)
    send()

    (mail,) = ada.digests
    text, html = text_of(mail), unescape(html_of(mail))
    assert mail["Subject"] == "Pactwatch: 1 status change"
    assert (mail["From"], mail["To"]) == ("Pactwatch <pactwatch@127.0.0.1>", ada.email)
    for part in (text, html):
        assert "Publish a report" in part
        assert "The Accord" in part
        assert str(STATUSES["in_progress"].definition) in part
        assert str(STATUSES["not_assessed"].definition) in part
        assert "The report came out." in part
        assert "The report is on the web." in part
        assert "https://acme.example/report" in part
        assert f"http://127.0.0.1:8000/en/records/{ACME}/?version={head.seq}" in part
        assert f"Signed head of {signed.day}: position {head.seq}" in part
        assert part.count(head.hash) == 2
        assert signed.signature in part
        assert "Disputed" not in part
    assert "   not assessed → in progress, from 20 November 2026\n" in text
    assert "News about AI commitments up to 1 June 2090, 08:00 (UTC)" in text
    unsubscribe = mail["List-Unsubscribe"].strip(" <>")
    assert unsubscribe.startswith("http://127.0.0.1:8000/en/subscriptions/")
    assert unsubscribe in text
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    digest = Digest.objects.get()
    assert (digest.to_seq, digest.changes, digest.deadlines) == (head.seq, 1, 0)


def test_a_chinese_subscriber_reads_chinese(ada, reviewer):
    ada.subscribe(language="zh-hans", time_zone="Asia/Shanghai")
    decide(ACME, "in_progress", on=DAY, by=reviewer, reason_zh="")

    compose(SOON)
    send()

    text = text_of(ada.digests[0])
    assert "公布报告\n   顶点公司\n   协定\n" in text
    assert "2026年11月20日" in text
    assert "2090年6月1日 16:00 (Asia/Shanghai)" in text
    assert re.search(r"The report came out\. ?[(（]", text)
    assert f"http://127.0.0.1:8000/zh-hans/records/{ACME}/?version=" in text
    assert '<html lang="zh-hans">' in html_of(ada.digests[0])


def test_each_change_is_told_once_and_nothing_is_sent_when_there_is_nothing(ada, reviewer):
    ada.subscribe()
    compose(SOON)
    assert told(ada.email) == []
    assert Subscription.objects.get().position == ledger.head().seq

    decide(ACME, "in_progress", on=DAY, by=reviewer)
    compose("2090-06-01T09:00Z")
    assert told(ada.email) == []
    compose("2090-06-02T08:00Z")
    compose("2090-06-02T08:00Z")
    compose("2090-06-03T08:00Z")
    assert told(ada.email) == ["Pactwatch: 1 status change"]

    decide(ACME, "fulfilled", on=DAY, by=reviewer)
    compose("2090-06-10T17:00Z")
    assert told(ada.email) == ["Pactwatch: 1 status change"] * 2

    first, second = Digest.objects.order_by("pk")
    assert first.to_seq == second.from_seq
    assert second.due_at == datetime(2090, 6, 4, 8, tzinfo=UTC)
    assert Subscription.objects.get().next_due_at == datetime(2090, 6, 11, 8, tzinfo=UTC)


def test_what_was_said_before_the_confirmation_is_not_told(ada, reviewer):
    decide(ACME, "in_progress", on=DAY, by=reviewer)
    ada.subscribe()

    compose(SOON)

    assert told(ada.email) == []


@pytest.mark.parametrize(
    ("follow", "records"),
    [
        ([], {ACME, BOLT, WAGES}),
        (["safety"], {ACME, BOLT}),
        (["evaluation"], {ACME, BOLT}),
        (["labour"], {WAGES}),
        (["acme"], {ACME, WAGES}),
        ([BOLT], {BOLT}),
        (["accord"], {ACME, BOLT, WAGES}),
        (["archive"], set()),
        (["labour", BOLT], {WAGES, BOLT}),
    ],
)
def test_only_what_is_followed_is_told(ada, reviewer, follow, records):
    ada.subscribe(*follow)
    for ref in (ACME, BOLT, WAGES):
        decide(ref, "in_progress", on=DAY, by=reviewer)

    compose(SOON)

    text = "".join(Message.objects.filter(kind="digest").values_list("text", flat=True))
    assert {ref for ref in (ACME, BOLT, WAGES) if f"/records/{ref}/" in text} == records


def test_a_correction_is_marked_and_so_is_what_it_corrects(ada, reviewer):
    ada.subscribe()
    wrong = decide(ACME, "fulfilled", on=DAY, by=reviewer)
    was_wrong = {"was_wrong_en": "We read another year's report.", "was_wrong_zh": "我们读的是另一年的报告。"}
    decide(ACME, "in_progress", on=DAY, by=reviewer, kind="correction", supersedes=wrong, **was_wrong)

    compose(SOON)

    first, second = Message.objects.get(kind="digest").text.split("\n2. ")
    assert "not assessed → fulfilled" in first
    assert "This was corrected since." in first
    assert "Its status today is: in progress" in first
    assert "fulfilled → in progress" in second
    assert "Corrected: we were wrong. We read another year's report." in second


def test_what_is_contested_is_marked_with_what_the_actor_says(ada, reviewer, world):
    ada.subscribe()
    response = {
        "ref": "rsp-acme",
        "record": ACME,
        "actor": "acme",
        "stated_on": "2026-11-21",
        "gist_en": "The report has been out since June.",
        "gist_zh": "报告六月就已公布。",
        "disputes": True,
        "source": "src-report",
    }
    load(world / "responses", {"responses": [response]})
    decide(ACME, "not_fulfilled", on=DAY, by=reviewer)

    compose(SOON)

    message = Message.objects.get(kind="digest")
    assert "CONTESTED: the party disputes it." in message.text
    assert "Acme says (21 November 2026): The report has been out since June. (in our words)" in message.text
    assert "Contested: the party disputes it." in message.html


def test_what_was_unpublished_meanwhile_is_not_told(ada, reviewer):
    ada.subscribe()
    decide(ACME, "in_progress", on=DAY, by=reviewer)
    unpublish(thing=Record.objects.get(ref=ACME), note_en="It was a mistake.", note_zh="", by=reviewer)

    compose(SOON)

    assert told(ada.email) == []


def test_a_digest_says_nothing_of_what_an_entry_of_it_leads_to_and_was_unpublished(ada, reviewer, world):
    ada.subscribe()
    letter = {
        "ref": "src-letter",
        "kind": "page",
        "url": "https://acme.example/letter",
        "title": "Letter to the tracker",
        "publisher": "Acme",
        "lang": "en",
    }
    answer = {
        "ref": "rsp-acme",
        "record": ACME,
        "actor": "acme",
        "stated_on": "2026-11-21",
        "gist_en": "Jane Roe of Acme is to blame.",
        "gist_zh": "应归咎于某人。",
        "disputes": True,
        "source": "src-letter",
    }
    load(world / "responses", {"sources": [letter], "responses": [answer]})
    decide(ACME, "not_fulfilled", on=DAY, by=reviewer)
    unpublish(thing=Response.objects.get(ref="rsp-acme"), note_en="It names a person.", note_zh="", by=reviewer)
    unpublish(thing=Source.objects.get(ref="src-letter"), note_en="It names a person.", note_zh="", by=reviewer)

    compose(SOON)

    message = Message.objects.get(kind="digest")
    assert "not fulfilled" in message.text
    for part in (message.subject, message.text, message.html):
        for gone in ("Jane Roe", "acme.example/letter", "Letter to the tracker", "CONTESTED", "Contested"):
            assert gone not in part


def test_a_digest_that_waits_is_written_again_when_something_in_it_is_unpublished(ada, bo, reviewer):
    ada.subscribe(language="zh-hans")
    bo.subscribe("acme")
    wages = Record.objects.get(ref=WAGES)
    for ref in (ACME, BOLT, WAGES):
        decide(ref, "in_progress", on=DAY, by=reviewer)
    compose("2090-12-20T08:00Z")
    composed = dict(Message.objects.filter(kind="digest").values_list("to", "message_id"))
    for ref in (ACME, WAGES):
        unpublish(thing=Record.objects.get(ref=ref), note_en="It was a mistake.", note_zh="", by=reviewer)

    send()
    send()

    (mail,) = ada.digests
    assert mail["Message-ID"] == composed[ada.email]
    assert mail["Subject"].count("1") == 2
    for part in (text_of(mail), html_of(mail)):
        assert f"/zh-hans/records/{BOLT}/" in part
        assert ACME not in part
        assert WAGES not in part
    digest = Digest.objects.get(subscription__email=ada.email)
    assert (digest.changes, digest.deadlines) == (1, 1)
    assert bo.digests == []
    assert Message.objects.get(kind="digest", to=bo.email).state == "cancelled"

    publish(things=[wages.pk], by=reviewer)
    compose("2090-12-22T08:00Z")
    assert len(told(ada.email)) == 1


def test_a_translation_that_follows_is_no_news(ada, reviewer):
    change = decide(ACME, "in_progress", on=DAY, by=reviewer, reason_zh="")
    ada.subscribe()
    type(change).objects.filter(pk=change.pk).update(reason_zh="报告已公布。")
    publish(things=[change.pk], by=reviewer)

    compose(SOON)

    assert told(ada.email) == []


def test_a_coming_deadline_is_told_once_two_weeks_before(ada):
    ada.subscribe()
    compose("2090-12-17T08:00Z")
    assert told(ada.email) == []

    compose("2090-12-18T08:00Z")
    compose("2090-12-19T08:00Z")
    compose("2090-12-31T08:00Z")

    assert told(ada.email) == ["Pactwatch: 1 deadline coming"] * 2
    first, second = Message.objects.filter(kind="digest").order_by("pk")
    assert "31 December 2090: Publish a report\n   Acme\n" in first.text
    assert "31 December 2090: Publish a report\n   Bolt\n" in second.text


def test_a_deadline_that_was_moved_is_told_again(ada, world):
    ada.subscribe(ACME)
    compose("2090-12-20T08:00Z")
    move_deadline(world, "2090-12-29")
    compose("2090-12-21T08:00Z")
    compose("2090-12-22T08:00Z")

    assert told(ada.email) == ["Pactwatch: 1 deadline coming"] * 2


def test_what_was_told_of_a_deadline_is_forgotten_a_month_after_it(ada):
    ada.subscribe(ACME)
    compose("2090-12-20T08:00Z")
    call_command("run_job", "forget_addresses", "--at", "2091-01-30T12:00Z", verbosity=0)
    assert ToldDeadline.objects.count() == 1

    call_command("run_job", "forget_addresses", "--at", "2091-01-31T12:00Z", verbosity=0)

    assert ToldDeadline.objects.count() == 0


def test_a_settled_deadline_and_one_not_under_review_are_not_told(ada, reviewer):
    decide(ACME, "fulfilled", on=DAY, by=reviewer)
    ada.subscribe("acme")

    compose("2090-12-20T08:00Z")

    assert told(ada.email) == []


def test_missed_days_are_made_up_in_one_digest(ada, reviewer):
    ada.subscribe()
    decide(ACME, "in_progress", on=DAY, by=reviewer)
    decide(BOLT, "in_progress", on=DAY, by=reviewer)

    compose("2090-12-20T12:00Z")

    assert told(ada.email) == ["Pactwatch: 2 status changes, 2 deadlines coming"]


def test_a_weekly_digest_leaves_on_monday(ada, reviewer):
    subscription = ada.subscribe(frequency="weekly", time_zone="Europe/Berlin")
    assert subscription.next_due_at == datetime(2026, 11, 30, 7, tzinfo=UTC)
    decide(ACME, "in_progress", on=DAY, by=reviewer)

    compose("2090-06-01T08:00Z")

    subscription.refresh_from_db()
    assert subscription.next_due_at == datetime(2090, 6, 5, 6, tzinfo=UTC)


def test_a_very_long_digest_is_cut_and_says_so(ada, world, reviewer, monkeypatch):
    monkeypatch.setattr("subscriptions.contents.MOST_CHANGES", 1)
    ada.subscribe()
    decide(ACME, "in_progress", on=DAY, by=reviewer)
    decide(BOLT, "in_progress", on=DAY, by=reviewer)

    compose(SOON)

    message = Message.objects.get(kind="digest")
    assert message.subject == "Pactwatch: 2 status changes"
    assert "1 more change is on the site." in message.text
    assert BOLT not in message.text


def test_words_of_the_data_cannot_break_the_mail(ada, world, reviewer):
    ada.subscribe()
    decide(ACME, "in_progress", on=DAY, by=reviewer, reason_en='<script>alert("x")</script> & more\n.\nend')

    compose(SOON)
    send()

    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; more" in html_of(ada.digests[0])
    assert '<script>alert("x")</script> & more' in text_of(ada.digests[0])
    assert "Unsubscribe:" in text_of(ada.digests[0])


def test_one_subscription_that_cannot_be_told_keeps_nobody_else_from_being_told(ada, bo, reviewer):
    broken = ada.subscribe()
    bo.subscribe()
    Subscription.objects.filter(pk=broken.pk).update(time_zone="Mars/Olympus")
    decide(ACME, "in_progress", on=DAY, by=reviewer)

    with pytest.raises(CommandError, match=f"subscriptions {broken.pk}"):
        compose(SOON)

    assert (told(ada.email), told(bo.email)) == ([], ["Pactwatch: 1 status change"])
    Subscription.objects.filter(pk=broken.pk).update(time_zone="UTC")
    compose(SOON)
    assert told(ada.email) == ["Pactwatch: 1 status change"]


def test_the_number_of_queries_does_not_grow_with_what_is_told(ada, bo, reviewer, django_assert_max_num_queries):
    def queries(refs: list[str]) -> Any:
        for ref in refs:
            decide(ref, "in_progress", on=DAY, by=reviewer)
        with django_assert_max_num_queries(40) as captured:
            assert compose_due(now=datetime(2090, 6, len(refs), 8, tzinfo=UTC)) == 1
        return len(captured)

    ada.subscribe()

    assert queries([ACME]) == queries([BOLT, WAGES])
