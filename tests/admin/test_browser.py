"""Colleagues at the desk in a real browser: a decision's way to the public, and two at one form."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from accounts.models import User
from publishing.models import Document
from tracking.models import Record

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SitDown = Callable[..., Page]


@pytest.fixture
def sit_down(browser: Browser, live_server: Any) -> Iterator[SitDown]:
    """Give somebody a browser of their own, logged in."""
    contexts = []

    def begin(user: User, *, language: str = "en", width: int = 1440) -> Page:
        client = Client()
        client.force_login(user)
        context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": 900})
        contexts.append(context)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: language}
        context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
        return context.new_page()

    yield begin
    for context in contexts:
        context.close()


def press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.click(button)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def faults(page: Page) -> list[str]:
    """Return what axe finds serious in the page's own part; the frame around it is Django's."""
    found = Axe().run(page, context="#content-main", options={"resultTypes": ["violations"]}).response["violations"]
    return [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")]


def test_a_decision_is_returned_overtaken_and_approved(pledge, editor, reviewer, sit_down: SitDown) -> None:
    emma, rosa = sit_down(editor), sit_down(reviewer, language="zh-hans", width=360)
    emma.goto(f"/admin/tracking/record/{pledge.pk}/decide/")
    emma.check("[name=status][value=fulfilled]")
    emma.check("[name=evidence]")
    emma.fill("[name=reason_en]", "The report is out.")
    press(emma, "[name=_preview]")
    assert emma.locator(".preview .badge-status-green").count() > 0
    press(emma, "[name=_submit]")

    rosa.goto("/admin/")
    press(rosa, ".daily-work a:has-text('待核准的评定')")
    press(rosa, "#result_list tbody th a")
    decision = rosa.url
    assert fits(rosa) and faults(rosa) == []
    rosa.fill("[name=note]", "Which page?")
    press(rosa, "[formaction$='/return/']")

    emma.goto("/admin/")
    press(emma, "text=decision returned to you")
    press(emma, "#result_list tbody th a")
    press(emma, "text=Change it and submit it again")
    assert "Which page?" in emma.inner_text(".note-on-state")
    emma.fill("[name=reason_en]", "The report is out, see page 4.")
    press(emma, "[name=_preview]")
    press(emma, "[name=_submit]")
    rosa.goto(f"/admin/commitments/pledge/{pledge.pk}/change/")
    rosa.fill("[name=title_en]", "Publish a yearly report")
    press(rosa, "[name=_save]")

    rosa.goto(decision)
    assert "Publish a yearly report" in rosa.inner_text(".comparison")
    assert rosa.locator("[formaction$='/approve/']").count() == 0
    assert fits(rosa) and faults(rosa) == []
    press(rosa, "[formaction$='/rebase/']")
    press(rosa, "[formaction$='/approve/']")
    press(rosa, ".messagelist a")

    assert "see page 4" in rosa.inner_text("main")
    assert Record.objects.get(pk=pledge.pk).status == "fulfilled"


def test_the_second_who_saves_sees_what_the_first_saved(pledge, reviewer, sit_down: SitDown) -> None:
    path = f"/admin/commitments/pledge/{pledge.pk}/change/"
    emma, rosa = sit_down(User.objects.create_superuser("emma"), width=360), sit_down(reviewer)
    for page in (emma, rosa):
        page.goto(path)
    rosa.fill("[name=title_en]", "Rosa’s title")
    rosa.fill("[name=title_zh]", "罗莎的标题")
    rosa.fill("[name=evidence-0-shows_en]", "It is on page 4.")
    press(rosa, "[name=_save]")

    emma.fill("[name=title_en]", "Emma’s title")
    emma.fill("[name=evidence-0-shows_en]", "It is on page 5.")
    press(emma, "[name=_save]")

    title, evidence = emma.locator(".meanwhile").all_inner_texts()
    for words in ("Publish a report", "Rosa’s title", "Emma’s title", "罗莎的标题"):
        assert words in title
    assert "It is on page 4." in evidence and "It is on page 5." in evidence
    assert emma.input_value("[name=title_zh]") == "罗莎的标题"
    assert fits(emma)
    press(emma, "[name=_save]")

    public = Document.objects.current().get(thing=pledge.pk).body
    assert (public["title_en"], public["title_zh"]) == ("Emma’s title", "罗莎的标题")
    assert pledge.evidence.get().shows_en == "It is on page 5."
