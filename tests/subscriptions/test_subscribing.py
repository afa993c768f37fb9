"""Subscribing, confirming, changing and ending: by the public pages, without cookies, JavaScript or an account."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from publishing.actions import unpublish
from publishing.models import Publishable
from subscriptions.models import Message, MessageState, Subscription
from tests.subscriptions.conftest import ADA, compose, path_in, path_of, send, text_of

pytestmark = pytest.mark.usefixtures("world", "clock")


def states(email: str = ADA) -> list[str]:
    return list(Subscription.objects.of(email).order_by("pk").values_list("state", flat=True))


def test_a_stranger_subscribes_confirms_and_unsubscribes(ada):
    answer = ada.ask("evaluation", "accord.report.acme")
    assert (answer.status_code, answer["Location"]) == (302, "/en/subscribe/sent/")
    assert not answer.cookies
    send()
    (mail,) = ada.mails
    assert mail["Subject"] == "Please confirm: news about AI commitments from Pactwatch"
    assert "- Publish a report · Acme (pledge)\n- Evaluation (theme)\n" in text_of(mail)
    assert states() == ["pending"]

    ada.confirm()
    subscription = Subscription.objects.get()
    assert subscription.is_confirmed
    assert set(subscription.follows.values_list("ref", flat=True)) == {"evaluation", "accord.report.acme"}
    assert subscription.next_due_at == datetime(2026, 11, 25, 8, tzinfo=UTC)

    compose("2090-12-20T12:00Z")
    send()
    done = ada.browser.post(path_of(ada.digests[0]["List-Unsubscribe"].strip(" <>")), {"List-Unsubscribe": "One-Click"})
    assert (done.status_code, states()) == (200, ["unsubscribed"])
    assert "You are unsubscribed" in done.content.decode()


def test_opening_the_links_changes_nothing(ada):
    ada.ask()
    link = path_in(Message.objects.get().text, "confirm")

    page = ada.browser.get(link)
    assert (page.status_code, states()) == (200, ["pending"])
    assert ada.browser.head(link).status_code == 200
    ada.confirm()
    compose("2090-12-20T12:00Z")
    text = Message.objects.get(kind="digest").text
    for address in (path_in(text), path_in(text, "unsubscribe")):
        assert ada.browser.get(address).status_code == 200

    assert states() == ["confirmed"]
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert page["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"email": "ada@example.org\nBcc: bo@example.org"}, "Enter a valid email address."),
        ({"follow": "no.such.thing"}, "no.such.thing is not one of the available choices."),
        ({"follow": "src-report"}, "src-report is not one of the available choices."),
        ({"follow": "nul\0"}, "Select a valid choice."),
        ({"frequency": "hourly"}, "hourly is not one of the available choices."),
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus is not one of the available choices."),
        ({"language": "tlh"}, "tlh is not one of the available choices."),
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_is_written(ada, wrong, says):
    wish = {"email": ADA, "frequency": "daily", "language": "en", "time_zone": "UTC", **wrong}

    answer = ada.browser.post("/en/subscribe/", wish)

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Subscription.objects.exists()
    assert not Message.objects.exists()


def test_a_record_can_be_followed_from_its_page(ada):
    page = ada.browser.get("/en/subscribe/?follow=accord.report.acme").content.decode()

    assert (
        '<input type="checkbox" name="follow" value="accord.report.acme" checked> <span>Publish a report · Acme '
        in page
    )
    assert "nothing public of that name" in ada.browser.get("/en/subscribe/?follow=nothing").content.decode()
    assert ada.browser.get("/en/subscribe/?follow=%00&follow=%ff&follow=" + "x" * 5000).status_code == 200


def test_actors_instruments_and_records_are_found_by_words_in_either_language(ada):
    def look(words: str, language: str = "en") -> str:
        wish = {"email": ADA, "find": words, "look": "1", "follow": ["bolt"], "time_zone": "Europe/Berlin"}
        answer = ada.browser.post(f"/{language}/subscribe/", wish)
        assert answer.status_code == 200
        return answer.content.decode()

    page = look("report")
    assert 'value="accord.report.acme"> <span>Publish a report · Acme ' in page
    assert 'value="bolt" checked> <span>Bolt ' in page
    assert f'value="{ADA}"' in page
    assert '<option value="Europe/Berlin" selected>' in page
    assert 'value="acme"> <span>顶点公司 ' in look("顶点", "zh-hans")
    assert 'value="accord.report.acme">' in look("acme report")
    assert 'value="accord.report.acme">' in look("The reports of Acm")
    assert 'value="accord.report.acme">' in look("顶点 报告", "zh-hans")
    assert 'value="accord.report.bolt">' not in look("报告顶点acme")
    for words in ("%", "the of", "告报", "acme nothing", "it's \\ 'x & |! :*"):
        assert "Nothing was found" in look(words)
    assert not Message.objects.exists()


def test_the_page_is_there_in_both_languages_with_the_usual_zone(ada):
    english, chinese = (ada.browser.get(f"/{code}/subscribe/").content.decode() for code in ("en", "zh-hans"))

    assert '<option value="UTC" selected>' in english
    assert '<option value="Asia/Shanghai" selected>' in chinese
    assert "<span>Evaluation</span>" in english
    assert "<span>评测</span>" in chinese


def test_the_answer_does_not_tell_whether_an_address_is_known(ada, bo):
    ada.subscribe("labour")

    known, unknown = ada.ask(), bo.ask()

    assert (known.status_code, known["Location"], known.content) == (302, unknown["Location"], unknown.content)


def test_an_address_is_asked_three_times_a_day_at_most(ada, clock):
    for _time in range(5):
        assert ada.ask()["Location"] == "/en/subscribe/sent/"
    assert Message.objects.count() == Subscription.objects.count() == 3

    clock.shift(timedelta(days=1, minutes=1))
    ada.email = ADA.upper()
    ada.ask()

    assert Message.objects.count() == 4


def test_a_stranger_cannot_change_what_an_address_has_confirmed(ada):
    ada.subscribe("labour")

    ada.ask("safety", time_zone="Asia/Shanghai")

    standing = Subscription.objects.confirmed().get()
    assert list(standing.follows.values_list("ref", flat=True)) == ["labour"]
    assert standing.time_zone == "UTC"


def test_what_the_address_confirms_later_is_added_to_its_one_subscription(ada, clock):
    first = ada.subscribe("labour")
    ada.ask("accord.report.acme", time_zone="Asia/Shanghai")
    page = ada.browser.get(path_in(Message.objects.latest("pk").text, "confirm")).content.decode()
    assert "You have a subscription already" in page

    ada.confirm()

    assert states() == ["confirmed"]
    merged = Subscription.objects.get()
    assert (merged.pk, merged.position, merged.time_zone) == (first.pk, first.position, "Asia/Shanghai")
    assert set(merged.follows.values_list("ref", flat=True)) == {"labour", "accord.report.acme"}
    assert merged.next_due_at == datetime(2026, 11, 25, 0, tzinfo=UTC)


def test_confirming_again_changes_nothing(ada):
    ada.subscribe()
    before = Subscription.objects.values().get()

    assert ada.confirm().status_code == 302

    assert Subscription.objects.values().get() == before


def test_a_subscriber_changes_what_is_followed(ada):
    ada.subscribe("labour")
    compose("2091-03-25T12:00Z")
    link = path_in(Message.objects.get(kind="digest").text)
    page = ada.browser.get(link).content.decode()
    assert 'value="labour" checked' in page
    assert "the next mail leaves on 26 March 2091, 08:00 (UTC)" in page

    answer = ada.browser.post(
        link,
        {"follow": ["safety", "acme"], "frequency": "weekly", "language": "zh-hans", "time_zone": "Asia/Shanghai"},
    )

    assert answer.status_code == 302
    changed = Subscription.objects.get()
    assert set(changed.follows.values_list("ref", flat=True)) == {"safety", "acme"}
    assert (changed.frequency, changed.language) == ("weekly", "zh-hans")
    assert changed.next_due_at == datetime(2026, 11, 30, 0, tzinfo=UTC)


def test_what_is_followed_stays_so_while_it_is_unpublished(ada, reviewer):
    ada.subscribe("accord.report.acme")
    record = Publishable.objects.get(ref="accord.report.acme")
    compose("2090-12-20T12:00Z")
    unpublish(thing=record, note_en="It was a mistake.", note_zh="", by=reviewer)
    link = path_in(Message.objects.get(kind="digest").text)
    assert 'value="accord.report.acme" checked' in ada.browser.get(link).content.decode()

    wish = {"follow": ["accord.report.acme"], "frequency": "weekly", "language": "en", "time_zone": "UTC"}
    assert ada.browser.post(link, wish).status_code == 302
    assert ada.browser.post(link, wish | {"follow": ["accord.report.bolt", "src-report"]}).status_code == 422

    assert list(Subscription.objects.get().follows.values_list("ref", flat=True)) == ["accord.report.acme"]


def test_a_token_does_only_what_it_was_made_for(ada):
    ada.ask()
    token = path_in(Message.objects.get().text, "confirm").split("/")[3]

    for page in ("", "unsubscribe/"):
        assert ada.browser.post(f"/en/subscriptions/{token}/{page}").status_code == 404
    for forged in (token[:-1], token.replace(".", ""), "x", "%00", "." + token):
        assert ada.browser.post(f"/en/subscriptions/{forged}/confirm/").status_code == 404

    assert states() == ["pending"]


def test_links_come_from_the_settings_and_not_from_the_host_header(ada):
    wish = {"email": ADA, "frequency": "daily", "language": "en", "time_zone": "UTC"}

    ada.browser.post("/en/subscribe/", wish, headers={"host": "localhost:9999"})

    message = Message.objects.get()
    assert "http://127.0.0.1:8000/en/subscriptions/" in message.text
    assert "localhost" not in message.text + message.html


def test_unsubscribing_takes_back_what_has_not_left_yet_and_can_be_repeated(ada):
    ada.subscribe()
    compose("2090-12-20T12:00Z")
    link = path_in(Message.objects.get(kind="digest").text, "unsubscribe")

    assert [ada.browser.post(link).status_code for _time in range(2)] == [200, 200]
    send()
    compose("2090-12-21T12:00Z")

    assert Message.objects.get(kind="digest").state == MessageState.CANCELLED
    assert (ada.digests, states()) == ([], ["unsubscribed"])


def test_an_ended_subscription_cannot_be_managed_but_asked_for_anew(ada):
    ada.subscribe()
    compose("2090-12-20T12:00Z")
    text = Message.objects.get(kind="digest").text
    ada.browser.post(path_in(text, "unsubscribe"))

    assert "has ended" in ada.browser.get(path_in(text)).content.decode()
    assert ada.confirm(Message.objects.get(kind="confirmation")).status_code == 409
    ada.subscribe("labour")

    assert states() == ["unsubscribed", "confirmed"]


def test_addresses_are_forgotten_in_time(ada, bo, clock):
    ada.ask()
    bo.subscribe()
    call_command("run_job", "forget_addresses", "--at", "2026-12-01T11:00Z", verbosity=0)
    assert (states(), states(bo.email)) == (["pending"], ["confirmed"])

    call_command("run_job", "forget_addresses", "--at", "2026-12-01T13:00Z", verbosity=0)
    assert (states(), states(bo.email)) == ([], ["confirmed"])
    compose("2090-12-20T12:00Z")
    bo.browser.post(path_in(Message.objects.get(kind="digest").text, "unsubscribe"))
    left_at = Subscription.objects.get(email=bo.email).ended_at
    assert left_at is not None
    for days, states_then in ((3, ["unsubscribed"]), (5, [])):
        call_command("run_job", "forget_addresses", "--at", (left_at + timedelta(days=days)).isoformat(), verbosity=0)
        assert states(bo.email) == states_then

    assert not Subscription.objects.exists()
    assert not Message.objects.exists()


def test_the_pages_refuse_other_verbs(ada):
    assert Client().put("/en/subscribe/").status_code == 405
    assert Client().post("/en/subscribe/sent/").status_code == 405
