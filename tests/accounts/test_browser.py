"""The door of the admin in a real browser: from the mailed link to the second factor, and out of it again."""

from base64 import b32decode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import Browser, Page

from accounts.actions import ask_for_password_link
from accounts.models import LogIn
from tests.accounts.conftest import account, code_of
from tests.accounts.test_accounts import NEW, link_in_last_mail
from tests.browser.test_pages_public import faults_of

WORDS = {
    "en": {
        "wrong": "This code is not right.",
        "codes": "Your recovery codes",
        "locked": "Too many failed tries.",
        "out": "Log out",
    },
    "zh-hans": {"wrong": "验证码不正确", "codes": "您的恢复码", "locked": "失败次数过多", "out": "注销"},
}


class Door:
    """A browser at the door, which looks at each page that it comes to."""

    def __init__(self, page: Page, address: str, name: str) -> None:
        self.page, self.address, self.name = page, address, name
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text))

    def look(self) -> None:
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), self.page.url
        assert [said for said in self.complaints if "Content Security Policy" in said] == []
        assert faults_of(self.page) == []
        # What looks for faults measures some pages with styles of its own, which the policy refuses.
        self.complaints.clear()

    def send(self, **typed: str) -> None:
        for field, text in typed.items():
            self.page.fill(f"[name={field}]", text)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def log_in(self) -> None:
        self.page.goto(f"{self.address}/admin/")
        self.send(username=self.name, password=NEW)


@pytest.fixture
def visit(browser: Browser, live_server: Any, width: int, language: str) -> Iterator[Any]:
    contexts = []

    def open_door(name: str) -> Door:
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}))
        contexts[-1].add_cookies([{"name": "django_language", "value": language, "url": str(live_server.url)}])
        return Door(contexts[-1].new_page(), live_server.url, name)

    yield open_door
    for context in contexts:
        context.close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "language"), [(360, "en"), (1440, "zh-hans")])
def test_a_reviewer_sets_up_a_second_factor_and_comes_in_by_it(visit, smtp, settings, language) -> None:
    settings.SECOND_FACTOR = True
    words = WORDS[language]
    rita = account("rita", "reviewer", language=language)
    ask_for_password_link(account=rita, now=timezone.now())
    first = visit("rita")
    first.page.goto(first.address + link_in_last_mail(smtp))
    first.look()
    first.send(new_password1=NEW, new_password2=NEW)

    first.log_in()
    assert "/admin/second-factor/set-up/" in first.page.url
    first.look()
    picture = first.page.locator(".qr svg")
    assert picture.evaluate("each => each.viewBox.baseVal.width") > 20
    device = TOTPDevice.objects.get(user=rita)
    assert b32decode(first.page.inner_text(".key code").replace(" ", "")) == device.bin_key
    first.send(code="000000")
    assert words["wrong"] in first.page.inner_text("#content")
    # A wrong code makes the next one wait for a second.
    TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(minutes=1))
    first.send(code=code_of(device))
    assert words["codes"] in first.page.inner_text("#content")
    first.look()
    codes = first.page.locator(".codes code").all_inner_texts()
    first.page.click("a.button")
    assert first.page.url == f"{first.address}/admin/"
    first.page.goto(f"{first.address}/admin/second-factor/")
    first.look()

    second = visit("rita")
    second.log_in()
    second.look()
    second.send(code=codes[0])
    assert second.page.url == f"{second.address}/admin/"
    second.page.get_by_role("button", name=words["out"]).click()

    third = visit("rita")
    third.log_in()
    for _number in range(5):
        third.send(code="nonsense")
    assert words["locked"] in third.page.inner_text("#content")
    third.look()
    third.page.goto(f"{third.address}/admin/")
    assert "/admin/second-factor/" in third.page.url
    assert list(LogIn.objects.order_by("pk").values_list("outcome", flat=True)) == [
        *("password", "wrong_code", "code", "password", "code", "password"),
        *(["wrong_code"] * 4),
        "refused",
    ]
