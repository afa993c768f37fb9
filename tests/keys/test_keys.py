"""A key to the API: asked for by mail, made by a press of a button, shown once, sent in a header, revoked."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from keys.models import ApiKey
from subscriptions.models import Message

pytestmark = pytest.mark.django_db
ADA = "ada@newsroom.example"


def found(pattern, text):
    matched = re.search(pattern, text)
    assert matched, text
    return matched[1]


class Owner:
    """Somebody at a newsroom, without cookies."""

    def __init__(self, email=ADA, language="en"):
        self.email, self.language = email, language
        self.browser = Client(enforce_csrf_checks=True)

    def ask(self):
        return self.browser.post(f"/{self.language}/api-keys/", {"email": self.email})

    @property
    def page(self):
        """The path that the newest mail to this address leads to."""
        text = Message.objects.filter(to=self.email).latest("pk").text
        return found(r"http://127\.0\.0\.1:8000(/\S+)", text)

    def make(self):
        self.ask()
        return key_on(self.browser.post(self.page))


def key_on(page):
    return found(r"<code>(pw_\S+)</code>", page.content.decode())


def use(secret, path="usage/"):
    return Client().get(f"/api/v1/{path}", headers={"authorization": f"Bearer {secret}"})


def test_a_key_is_made_by_the_button_and_not_by_a_mail_scanner(settings):
    settings.LIMITS = True
    ada = Owner()
    assert ada.ask().headers["Location"] == "/en/api-keys/sent/"

    for _scanner in range(3):
        assert "Make the key" in ada.browser.get(ada.page).content.decode()
    assert ApiKey.objects.working().count() == 0

    shown = ada.browser.post(ada.page)
    secret = key_on(shown)
    assert "no-store" in shown.headers["Cache-Control"]
    assert use(secret).json() | {"resets_in_seconds": 60} == {
        "limited": True,
        "key": secret[:13],
        "policy": "key",
        "quota": 3000,
        "window_seconds": 60,
        "used": 0,
        "remaining": 3000,
        "resets_in_seconds": 60,
        "costs": {"answer": 1, "search": 3, "file": 20},
    }


def test_a_key_is_shown_once_and_kept_as_a_hash():
    ada = Owner()
    secret = ada.make()

    again = ada.browser.post(ada.page)

    assert (again.status_code, secret in again.content.decode()) == (409, False)
    assert secret not in str(ApiKey.objects.values())
    assert secret not in ada.browser.get(ada.page).content.decode()


def test_a_key_that_does_not_work_is_told_so():
    secret = Owner().make()

    for given in (secret[:-1], secret + "x", "pw_", "", "x" * 5000, "pw_é_x", secret.replace("_", "-")):
        refused = use(given)
        assert (refused.status_code, refused.json()["code"]) == (401, "key_not_valid"), given
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert refused.headers["Cache-Control"] == "no-store"
    assert Client().get("/api/v1/usage/", headers={"authorization": f"Basic {secret}"}).status_code == 401


def test_a_revoked_key_works_no_more_and_its_owner_is_forgotten():
    ada = Owner(language="zh-hans")
    secret = ada.make()
    assert use(secret).status_code == 200

    assert ada.browser.get(f"{ada.page}revoke/").status_code == 405
    revoked = ada.browser.post(f"{ada.page}revoke/", follow=True)

    assert "密钥已撤销" in revoked.content.decode()
    assert use(secret).status_code == 401
    assert forget(days=3) == (1, 1)
    assert forget(days=5) == (0, 0)


def forget(*, days):
    """Return how many keys and mails are left after the day's job, so many days from now."""
    at = timezone.now() + timedelta(days=days)
    call_command("run_job", "forget_owners_of_keys", "--at", at.isoformat(), verbosity=0)
    return ApiKey.objects.count(), Message.objects.count()


def test_a_request_that_nobody_confirms_is_forgotten():
    Owner().ask()

    assert forget(days=6)[0] == 1
    assert forget(days=8) == (0, 0)


def test_nobody_learns_whether_an_address_has_a_key():
    ada = Owner()
    asked = [ada.ask() for _number in range(5)]

    assert {(each.status_code, each.headers["Location"]) for each in asked} == {(302, "/en/api-keys/sent/")}
    assert Message.objects.filter(to=ADA).count() == 3


def test_an_address_has_five_keys_at_most():
    for number in range(5):
        ApiKey.objects.create(
            email=ADA.upper(),
            prefix=f"pw_{number}",
            digest="0" * 64,
            requested_at=datetime(2026, 1, 1, tzinfo=UTC),
            confirmed_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
    ada = Owner()
    ada.ask()

    refused = ada.browser.post(ada.page)

    assert (refused.status_code, "has five keys already" in refused.content.decode()) == (409, True)
    assert ApiKey.objects.working().count() == 5


def test_a_wrong_address_or_link_is_told_so():
    ada = Owner("nobody")

    assert ada.ask().status_code == 422
    assert (ApiKey.objects.count(), Message.objects.count()) == (0, 0)
    assert ada.browser.get("/en/api-keys/made-up/").status_code == 404
    assert ada.browser.post("/en/api-keys/made-up/revoke/").status_code == 404


def test_one_network_may_ask_for_so_many_an_hour(settings):
    settings.LIMITS, settings.SENDING_QUOTA = True, 2
    stranger = Client(REMOTE_ADDR="203.0.113.77")

    answers = [stranger.post("/en/api-keys/", {"email": f"{number}@example.org"}) for number in range(3)]

    assert [each.status_code for each in answers] == [302, 302, 429]
    assert Message.objects.count() == 2


def test_an_administrator_revokes_a_key():
    secret = Owner().make()
    desk = Client()
    desk.force_login(User.objects.create_superuser("quokka"))
    key = ApiKey.objects.get()

    listed = desk.get("/admin/keys/apikey/")
    desk.post("/admin/keys/apikey/", {"action": "revoke", "_selected_action": [key.pk]})

    assert ADA in listed.content.decode()
    assert secret not in listed.content.decode()
    assert use(secret).status_code == 401
