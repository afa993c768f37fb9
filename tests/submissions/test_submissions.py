"""What a reader sends in reaches the desk and changes nothing by itself; the sender can follow what becomes of it."""

import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from publishing import ledger
from submissions.models import Submission
from subscriptions.models import Message
from tests.admin.conftest import desk_of, editor, finding, pledge, reviewer, world
from tracking.actions import approve_decision, prepare_decision
from tracking.models import Finding, FindingKind, Record

__all__ = ["desk_of", "editor", "finding", "pledge", "reviewer", "world"]

pytestmark = pytest.mark.django_db

WORDS = "The model card was published in March. <script>alert(1)</script>"
ADA = "ada@example.org"


class Reader:
    """Somebody who reads a record and knows better."""

    def __init__(self, record):
        self.browser = Client(enforce_csrf_checks=True)
        self.told = {"record": record.ref, "kind": "evidence", "text": WORDS, "url": "https://example.org/card"}

    def send(self, **others):
        return self.browser.post("/en/submissions/", self.told | others)

    def post(self, body=None, content_type="application/json", **others):
        body = json.dumps(self.told | others) if body is None else body
        return self.browser.post("/api/v1/submissions/", body, content_type=content_type)

    def receipt(self):
        """The receipt of what was sent last, as the API tells it."""
        return self.browser.get(f"/api/v1/submissions/{Submission.objects.latest('pk').receipt}/").json()


@pytest.fixture
def reader(pledge):
    return Reader(pledge)


def sent_in():
    return Finding.objects.filter(kind=FindingKind.SUBMITTED)


def test_the_form_on_a_records_page_makes_a_finding_and_leads_to_a_receipt(reader, pledge):
    page = reader.browser.get(f"/en/records/{pledge.ref}/").content.decode()
    assert 'action="/en/submissions/"' in page
    before = (Record.objects.get(pk=pledge.pk).status, ledger.head().seq)

    led = reader.send()

    receipt = reader.browser.get(led.headers["Location"])
    assert "It was received. Nobody has looked at it yet." in receipt.content.decode()
    assert (WORDS in receipt.content.decode(), "script>alert" in receipt.content.decode()) == (False, False)
    assert sent_in().get().seen == {"sent_in": "evidence", "text": WORDS, "url": "https://example.org/card"}
    assert (Record.objects.get(pk=pledge.pk).status, ledger.head().seq) == before
    assert Message.objects.count() == 0


def test_sent_twice_it_is_one_with_one_receipt(reader):
    first, again = reader.post(), reader.post()
    form = reader.send()

    assert (first.status_code, again.status_code, form.status_code) == (201, 200, 302)
    assert first.json() == again.json()
    assert form.headers["Location"] == f"/en/submissions/{first.json()['receipt']}/"
    assert sent_in().count() == 1
    assert reader.post(text="Something else is wrong here.", kind="correction").status_code == 201
    assert sent_in().count() == 2


def test_the_desk_reads_the_words_and_the_sender_reads_the_answer(reader, pledge, reviewer):
    reader.post()
    desk = desk_of(reviewer).client
    key = sent_in().get().pk

    assert "model card was published in March. &lt;script&gt;" in desk.get("/admin/tracking/finding/").content.decode()
    desk.post("/admin/tracking/finding/", {"action": "claim", "_selected_action": [key]})
    assert reader.receipt()["state"] == "looked_at"
    answer = {"action": "dismiss", "confirmed": "1", "_selected_action": [key], "reason": "It is an older card."}
    desk.post("/admin/tracking/finding/", answer)

    told = reader.receipt()
    assert (told["state"], told["answer"], told["change"]) == ("dismissed", "It is an older card.", None)
    assert "It is an older card." in reader.browser.get(urlsplit(told["page_en"]).path).content.decode()


def test_what_a_decision_takes_up_leads_to_the_change_and_the_rest_stays_open(reader, pledge, reviewer, editor):
    reader.post()
    reader.post(kind="correction", text="The title has a mistake.", url="")
    taken_up = sent_in().get(seen__sent_in="evidence")
    now = timezone.now()
    decision = prepare_decision(
        record=Record.objects.get(pk=pledge.pk),
        status="in_progress",
        effective_on=now.date(),
        evidence=list(pledge.evidence.all()),
        findings=[taken_up],
        by=editor,
        now=now,
        reason_en="The card is there.",
    )
    change = approve_decision(decision=decision, by=reviewer, now=now)

    assert reader.receipt()["state"] == "received"
    told = reader.browser.get(f"/api/v1/submissions/{taken_up.submission.receipt}/").json()
    assert told["state"] == "accepted"
    assert told["change"].endswith(f"/api/v1/status-changes/{change.ref}/")
    assert f"#{change.ref}" in reader.browser.get(urlsplit(told["page_en"]).path).content.decode()


WRONG = [
    ({"kind": "praise"}, "kind"),
    ({"text": "short"}, "text"),
    ({"text": "a" * 4001}, "text"),
    ({"text": "It holds a \0 in its midst."}, "text"),
    ({"url": ""}, "url"),
    ({"url": "javascript:alert(1)"}, "url"),
    ({"url": "ftp://example.org/card"}, "url"),
    ({"url": "https://example.org/" + "a" * 1000}, "url"),
    ({"email": "nobody"}, "email"),
]


@pytest.mark.parametrize(("others", "field"), WRONG)
def test_what_is_wrong_is_said_field_by_field_and_nothing_is_kept(reader, others, field):
    refused = reader.post(**others)

    assert (refused.status_code, refused.json()["code"]) == (400, "senseless_submission")
    assert [each["parameter"] for each in refused.json()["errors"]] == [field]
    page = reader.send(**others)
    assert (page.status_code, 'role="alert"' in page.content.decode()) == (422, True)
    assert sent_in().count() == 0


def test_a_body_that_cannot_be_read_is_a_problem(reader):
    for body, status in (("[]", 400), ("{", 400), ('"\\ud800"', 400), ("x" * 40_000, 413)):
        refused = reader.post(body)
        assert (refused.status_code, refused.headers["Content-Type"]) == (status, "application/problem+json"), body
    assert reader.post("record=x", content_type="text/plain").status_code == 415
    assert reader.post(urll="x").json()["errors"] == [
        {"parameter": "urll", "detail": "There is no such field; did you mean “url”?"}
    ]
    assert reader.post(text=5).json()["errors"] == [{"parameter": "text", "detail": "This must be a text."}]
    assert reader.post(record="nobody-of-that-name").status_code == 404
    assert reader.send(record="nobody-of-that-name").status_code == 404
    assert reader.browser.get("/api/v1/submissions/").headers["Allow"] == "POST, OPTIONS"
    assert reader.browser.get("/api/v1/submissions/d45e1b1c-0000-4000-8000-000000000000/").status_code == 404
    assert sent_in().count() == 0


def test_a_program_that_fills_in_every_field_is_refused(reader):
    assert reader.send(website="https://spam.example").status_code == 422
    assert sent_in().count() == 0


def test_one_network_may_send_so_much_an_hour(reader, settings):
    settings.LIMITS, settings.SENDING_QUOTA = True, 2
    reader.browser = Client(REMOTE_ADDR="203.0.113.81")

    answers = [reader.post(text=f"This is number {number}.") for number in range(3)]

    assert [each.status_code for each in answers] == [201, 201, 429]
    assert answers[2].headers["Retry-After"] == "3600"
    assert reader.send(text="This is one too many.").status_code == 429
    assert sent_in().count() == 2


def test_a_receipt_by_mail_holds_no_word_of_the_senders_and_comes_three_times_a_day_at_most(reader):
    for number in range(5):
        reader.send(email=ADA, text=f"{WORDS} {number}")

    mails = Message.objects.filter(to=ADA)
    assert mails.count() == 3
    assert all("model card" not in mail.text + mail.html for mail in mails)
    assert str(Submission.objects.earliest("pk").receipt) in mails.earliest("pk").text
    assert sent_in().count() == 5


def test_the_address_is_forgotten_once_it_was_dealt_with(reader, reviewer):
    reader.send(email=ADA)
    assert forget(days=60) == (ADA, 0)

    sent_in().update(state="dismissed", dismissed_because="No.", closed_at=timezone.now(), closed_by=reviewer)

    assert forget(days=29) == (ADA, 0)
    assert forget(days=31) == ("", 0)
    assert reader.receipt()["state"] == "dismissed"


def forget(*, days):
    """Return what is kept of the address, and how many mails, after the day's job, so many days from now."""
    at = timezone.now() + timedelta(days=days)
    call_command("run_job", "forget_senders", "--at", at.isoformat(), verbosity=0)
    return Submission.objects.get().email, Message.objects.count()
