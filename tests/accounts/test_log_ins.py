"""Tries are logged; who fails too often from one address waits, and nobody else does."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import LogIn
from tests.accounts.conftest import Visitor, account, code_of

pytestmark = pytest.mark.django_db


def test_after_five_failures_the_name_waits_at_that_address_and_nowhere_else(visitor):
    account("emma", "editor")

    for _number in range(5):
        assert visitor.log_in("emma", "wrong").status == 200
    refused = visitor.log_in("emma")

    assert (refused.status, refused.response["Retry-After"]) == (429, "900")
    assert "Too many failed tries." in refused.text
    assert "失败次数过多" in Visitor(language="zh-hans").log_in("emma").text
    assert "_auth_user_id" not in visitor.client.session
    assert visitor.log_in("somebody-else", "wrong").status == 200
    assert Visitor(address="2001:db8::1").log_in("emma").path == "/admin/"


def test_the_wait_ends_by_itself(visitor):
    account("emma", "editor")
    for _number in range(5):
        visitor.log_in("emma", "wrong")
    assert visitor.log_in("emma").status == 429

    LogIn.objects.update(at=timezone.now() - timedelta(minutes=16))

    assert visitor.log_in("emma").path == "/admin/"


def test_wrong_codes_count_like_wrong_passwords_and_the_right_password_wins_no_more_tries(visitor):
    rita = account("rita", "reviewer")
    visitor.log_in("rita")
    visitor.set_up(rita)
    visitor.client.logout()

    for _number in range(5):
        visitor.log_in("rita")
        visitor.give_code("000000")
    again = visitor.log_in("rita")
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    refused = visitor.give_code(code_of(TOTPDevice.objects.get(), later=1))

    assert again.status == 429
    assert refused.status == 429
    assert visitor.client.get("/admin/").status_code == 302


def test_administrators_see_who_tried_and_the_log_is_kept_for_half_a_year(visitor):
    account("ada", "administrator")
    visitor.log_in("nobody", "wrong")
    LogIn.objects.update(at=timezone.now() - timedelta(days=181))
    for _number in range(7):
        Visitor(address="192.0.2.9").log_in("nobody", "wrong")
    visitor.log_in("ada")

    shown = visitor.desk.open("/admin/accounts/login/")
    call_command("run_job", "forget_log_ins", verbosity=0)

    assert "192.0.2.9" in shown.text
    assert "wrong name or password" in shown.text
    kept = list(LogIn.objects.order_by("pk").values_list("outcome", flat=True))
    assert kept == ["wrong_password"] * 5 + ["refused", "password"]
