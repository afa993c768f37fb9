"""Staff see what was sent, and addresses only where they may."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from subscriptions.models import Digest, Message, Subscription
from tests.commitments.world import decide
from tests.subscriptions.conftest import ADA, compose
from tests.subscriptions.test_digests import ACME, DAY, SOON

pytestmark = pytest.mark.usefixtures("world", "clock")


def member(name: str, *permissions: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def told(ada: Any, reviewer: User) -> Message:
    """A digest that was written to Ada."""
    ada.subscribe(ACME)
    decide(ACME, "in_progress", on=DAY, by=reviewer)
    compose(SOON)
    return Message.objects.get(kind="digest")


def test_an_administrator_reads_every_mail_as_text_and_html(told, admin_client):
    listed = admin_client.get("/admin/subscriptions/message/").content.decode()
    assert ADA in listed
    assert "Pactwatch: 1 status change" in listed

    page = admin_client.get(f"/admin/subscriptions/message/{told.pk}/change/").content.decode()
    assert "The report came out." in page
    assert f'<iframe src="/admin/subscriptions/message/{told.pk}/html/"' in page
    preview = admin_client.get(f"/admin/subscriptions/message/{told.pk}/html/")
    assert preview["Content-Security-Policy"].endswith("sandbox allow-popups allow-popups-to-escape-sandbox")
    assert preview["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "The report came out." in preview.content.decode()


def test_an_administrator_sees_subscriptions_and_digests(told, admin_client):
    subscription, digest = Subscription.objects.get(), Digest.objects.get()

    for page, says in (
        ("subscription/", ADA),
        (f"subscription/?q={ADA}", ADA),
        (f"subscription/{subscription.pk}/change/", ADA),
        ("digest/", "Pactwatch: 1 status change"),
        (f"digest/{digest.pk}/change/", str(subscription.key)),
    ):
        answer = admin_client.get(f"/admin/subscriptions/{page}")
        assert (answer.status_code, says in answer.content.decode()) == (200, True)


def test_who_may_not_see_addresses_sees_them_masked_and_no_mail(told):
    client = member("clerk", "view_subscription", "view_digest", "view_message")
    subscription = Subscription.objects.get()

    for page in (f"subscription/{subscription.pk}/change/", "subscription/", "digest/"):
        answer = client.get(f"/admin/subscriptions/{page}")
        assert answer.status_code == 200
        assert ADA not in answer.content.decode()
    assert "a…@example.org" in client.get("/admin/subscriptions/subscription/").content.decode()
    assert "a…@example.org" not in client.get(f"/admin/subscriptions/subscription/?q={ADA}").content.decode()
    for page in ("message/", f"message/{told.pk}/change/", f"message/{told.pk}/html/"):
        assert client.get(f"/admin/subscriptions/{page}").status_code == 403


def test_nobody_writes_subscriptions_digests_or_mails_by_hand(told, admin_client):
    for model in ("subscription", "digest", "message"):
        assert admin_client.get(f"/admin/subscriptions/{model}/add/").status_code == 403
    assert admin_client.post(f"/admin/subscriptions/message/{told.pk}/change/", {"to": "x@y.z"}).status_code == 403

    assert Message.objects.get(pk=told.pk).to == ADA


def test_an_administrator_ends_or_erases_a_subscription(told, admin_client):
    subscription = Subscription.objects.get()
    chosen = {"_selected_action": [subscription.pk]}

    admin_client.post("/admin/subscriptions/subscription/", {"action": "unsubscribe", **chosen})
    subscription.refresh_from_db()
    assert subscription.state == "unsubscribed"
    answer = admin_client.post(f"/admin/subscriptions/subscription/{subscription.pk}/delete/", {"post": "yes"})

    assert answer.status_code == 302
    assert not Subscription.objects.exists()
    assert not Message.objects.exists()


def test_a_clerk_cannot_end_a_subscription(told):
    client = member("clerk", "view_subscription")

    client.post(
        "/admin/subscriptions/subscription/",
        {"action": "unsubscribe", "_selected_action": [Subscription.objects.get().pk]},
    )

    assert Subscription.objects.get().state == "confirmed"
