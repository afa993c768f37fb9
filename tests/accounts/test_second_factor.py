"""With the setting on, nobody who may publish or give roles gets anywhere on a password alone."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import LogIn
from tests.accounts.conftest import Visitor, account, code_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def required(settings):
    settings.SECOND_FACTOR = True


@pytest.mark.parametrize("role", ["reviewer", "administrator"])
def test_without_one_only_the_page_to_set_it_up_opens(visitor, role):
    account("rita", role)

    landed = visitor.log_in("rita")

    assert landed.path == "/admin/second-factor/set-up/?next=%2Fadmin%2F"
    assert "<svg" in landed.text
    assert "style=" not in landed.text.partition('id="content"')[2]
    for path in (
        "",
        "publishing/publishable/",
        "publishing/publishable/offered/",
        "accounts/user/",
        "password_change/",
    ):
        assert visitor.client.get(f"/admin/{path}")["Location"].startswith("/admin/second-factor/set-up/"), path
        assert visitor.client.post(f"/admin/{path}")["Location"] == "/admin/second-factor/set-up/", path


def test_editors_may_do_without_one_and_with_one_are_asked_for_it(visitor):
    emma = account("emma", "editor")

    assert visitor.log_in("emma").path == "/admin/"
    visitor.set_up(emma)
    elsewhere = Visitor()

    assert elsewhere.log_in("emma").path == "/admin/second-factor/?next=%2Fadmin%2F"
    assert elsewhere.client.get("/admin/catalog/theme/")["Location"].startswith("/admin/second-factor/?")


def test_a_code_opens_the_admin_once_and_goes_where_one_wanted_to_go(visitor):
    rita = account("rita", "reviewer")
    visitor.log_in("rita")
    assert len(visitor.set_up(rita)) == 10
    assert visitor.desk.open("/admin/catalog/theme/").status == 200

    device = TOTPDevice.objects.get(user=rita)
    code = code_of(device, later=1)
    first, second = Visitor(), Visitor()
    for browser in (first, second):
        browser.log_in("rita")
    landed = first.desk.post("/admin/second-factor/?next=/admin/catalog/theme/", code=code)
    refused = second.give_code(code)

    assert landed.path == "/admin/catalog/theme/"
    assert "This code is not right." in refused.text
    assert second.client.get("/admin/").status_code == 302
    outcomes = list(LogIn.objects.filter(user=rita).order_by("pk").values_list("outcome", flat=True))
    assert outcomes == ["password", "code", "password", "password", "code", "wrong_code"]


def test_a_code_right_after_a_wrong_one_is_told_to_wait_and_not_called_wrong(visitor):
    rita = account("rita", "reviewer")
    visitor.log_in("rita")
    visitor.set_up(rita)
    visitor.client.logout()
    visitor.log_in("rita")
    # Three wrong codes before this one: four seconds to wait.
    TOTPDevice.objects.update(throttling_failure_count=3, throttling_failure_timestamp=timezone.now())
    right = code_of(TOTPDevice.objects.get(user=rita), later=1)

    told = visitor.give_code(right)

    assert "This code is not right." not in told.text
    assert re.search(r"too soon after a wrong code and was not looked at\. From \d\d:\d\d:\d\d on", told.text)
    assert visitor.client.get("/admin/").status_code == 302
    TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(seconds=5))
    assert visitor.give_code(right).path == "/admin/"


def test_a_recovery_code_works_once(visitor):
    rita = account("rita", "reviewer")
    visitor.log_in("rita")
    codes = visitor.set_up(rita)

    first, second = Visitor(address="192.0.2.2"), Visitor(address="192.0.2.3")
    for browser in (first, second):
        browser.log_in("rita")

    assert first.give_code(codes[0].upper()).path == "/admin/"
    assert "This code is not right." in second.give_code(codes[0]).text
    assert "9 recovery codes are left" in first.desk.open("/admin/second-factor/").text


def test_where_to_go_afterwards_is_never_another_site(visitor):
    rita = account("rita", "reviewer")
    visitor.log_in("rita")
    codes = visitor.set_up(rita)
    visitor.client.logout()
    visitor.log_in("rita")

    landed = visitor.client.post("/admin/second-factor/?next=https://evil.example/", {"code": codes[0]})

    assert landed["Location"] == "/admin/"


def test_an_administrator_removes_a_lost_one_and_the_next_log_in_sets_up_another(visitor):
    rita = account("rita", "reviewer")
    visitor.log_in("rita")
    visitor.set_up(rita)
    ada, boss = account("ada", "administrator"), Visitor()
    boss.log_in("ada")
    boss.set_up(ada)

    boss.desk.post(f"/admin/accounts/user/{rita.pk}/forget/")

    assert Visitor().log_in("rita").path.startswith("/admin/second-factor/set-up/")
    assert visitor.client.get("/admin/").status_code == 302


def test_a_second_factor_is_nobody_elses_to_look_at(visitor, settings):
    settings.SECOND_FACTOR = False
    account("root", is_superuser=True, is_staff=True)
    visitor.log_in("root")

    for hidden in ("otp_totp/totpdevice", "otp_static/staticdevice", "auth/group"):
        assert visitor.client.get(f"/admin/{hidden}/").status_code == 404
