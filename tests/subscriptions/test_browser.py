"""The pages and the mails as people see them: on a phone and on a desk, in both languages, without JavaScript."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from subscriptions.models import Message, Subscription
from tests.commitments.world import decide
from tests.subscriptions.conftest import ADA, compose, path_in
from tests.subscriptions.test_digests import ACME, DAY, SOON

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize(("width", "language"), [(360, "en"), (1440, "zh-hans")]),
]


@pytest.fixture
def plain(browser: Browser, width: int) -> Iterator[Page]:
    """A page without JavaScript; what its policy refuses is complained of."""
    with browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=False) as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        yield page
        assert [text for text in complaints if "Content Security Policy" in text] == []


def fits(page: Page, width: int) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


def test_somebody_subscribes_confirms_and_ends_it(world: Path, live_server: Any, plain: Page, width, language) -> None:
    plain.goto(f"{live_server.url}/{language}/subscribe/?follow={ACME}")
    assert fits(plain, width)
    plain.fill("[name=find]", "bolt")
    plain.click("[name=look]")
    plain.check("[value=bolt]")
    plain.check("[value=daily]")
    plain.fill("[name=email]", ADA)
    plain.keyboard.press("Enter")
    plain.wait_for_url(f"**/{language}/subscribe/sent/")
    assert fits(plain, width)

    plain.goto(live_server.url + path_in(Message.objects.get().text, "confirm"))
    assert fits(plain, width)
    plain.click("main button")
    plain.wait_for_url(lambda url: not url.endswith("/confirm/"))
    assert fits(plain, width)
    subscription = Subscription.objects.get()
    assert (subscription.state, subscription.language, subscription.frequency) == ("confirmed", language, "daily")
    assert set(subscription.follows.values_list("ref", flat=True)) == {ACME, "bolt"}

    plain.click("form[action] button")
    plain.wait_for_url("**/unsubscribe/")

    subscription.refresh_from_db()
    assert subscription.state == "unsubscribed"


def test_pages_and_mails_are_accessible_and_fit(
    world: Path, live_server: Any, reviewer: Any, ada: Any, page: Page, width, language
) -> None:
    ada.ask(ACME, language=language)
    confirm = path_in(Message.objects.get().text, "confirm")
    page.set_viewport_size({"width": width, "height": 800})
    for path in (f"/{language}/subscribe/?follow={ACME}", confirm):
        page.goto(live_server.url + path)
        assert complaints_of(page) == []
    ada.confirm()
    decide(ACME, "in_progress", on=DAY, by=reviewer)
    compose(SOON)
    manage = path_in(Message.objects.get(kind="digest").text)
    page.goto(live_server.url + manage)
    assert complaints_of(page) == []

    # Away from the site, whose policy would take the mail's styles from it.
    page.goto("about:blank")
    for message in Message.objects.all():
        page.set_content(message.html)
        assert fits(page, width)
        assert complaints_of(page) == []


def complaints_of(page: Page) -> list[str]:
    return [rule["id"] for rule in Axe().run(page).response["violations"]]
