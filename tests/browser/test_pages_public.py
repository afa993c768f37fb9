"""The public pages in a real browser, with the starting records."""

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
PLEDGE = "records/frontier-ai-safety-commitments.publish.amazon/"
PROPOSAL = "records/safe-zones.early-warning/"
PAGES = (
    "",
    PLEDGE,
    PROPOSAL,
    f"{PLEDGE}?as_of=2025-02-01",
    f"{PLEDGE}?version=none",
    "records/ai-summit-series/",
    "records/amazon-frontier-model-safety-framework.annual-review.amazon/",
    "records/nothing-of-this-name/",
    "records/?q=safety&resource=pledges",
    "actors/amazon/",
    "instruments/talk-2026-04-30/",
    "themes/safety/",
    "method/",
    "verify/",
    "statuses/",
)
LANGUAGES = ("en", "zh-hans")
WIDTHS = {"phone": 360, "desk": 1440}
AGAINST_THE_POLICY = "Content Security Policy"


@pytest.fixture
def tracker(live_server: Any) -> str:
    """Return the address of a tracker that holds the starting records."""
    call_command("load_records", str(ROOT / "fixtures"), verbosity=0)
    return str(live_server.url)


def faults_of(page: Page) -> list[tuple[str, str, str]]:
    """Return what axe finds serious about a page, as (address, rule, element)."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        (page.url, fault["id"], node["html"])
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.mark.browser
def test_every_page_is_accessible_and_fits_a_phone_and_a_desk(tracker: str, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if AGAINST_THE_POLICY in said.text else None)
    faults, too_wide = [], []

    for language, width in (("en", WIDTHS["phone"]), ("zh-hans", WIDTHS["desk"])):
        page.set_viewport_size({"width": width, "height": 900})
        for path in PAGES:
            page.goto(f"{tracker}/{language}/{path}")
            faults += faults_of(page)
            for each in WIDTHS.values():
                page.set_viewport_size({"width": each, "height": 900})
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    too_wide.append((page.url, each))
    page.emulate_media(color_scheme="dark")
    for path in ("", PLEDGE, "statuses/"):
        page.goto(f"{tracker}/en/{path}")
        faults += faults_of(page)

    assert faults == []
    assert too_wide == []
    assert complaints == []


@pytest.mark.browser
def test_a_reader_without_javascript_gets_from_the_start_to_the_evidence_in_the_other_language(
    tracker: str, browser: Browser
) -> None:
    with browser.new_context(java_script_enabled=False, locale="en-GB") as context:
        page = context.new_page()

        page.goto(tracker)
        page.get_by_role("searchbox").fill("safety framework summit France")
        page.get_by_role("search").get_by_role("button").click()
        page.get_by_label("Status").select_option("fulfilled")
        page.get_by_label("Order").select_option("title")
        page.get_by_role("search").get_by_role("button").click()
        page.locator(f'.entries a[href="/en/{PLEDGE}"]').click()
        page.get_by_role("link", name="简体中文").click()

        assert page.url == f"{tracker}/zh-hans/{PLEDGE}"
        assert page.locator("html").get_attribute("lang") == "zh-hans"
        assert page.get_by_role("heading", level=1).inner_text() == "在法国峰会之前公布安全框架"
        assert "https://cdn.amazon.science/" in page.locator(".evidence").inner_html()


@pytest.mark.browser
@pytest.mark.skipif(os.environ.get("PICTURES") != "1", reason="PICTURES=1 makes the pictures in docs/images anew")
def test_pictures_of_the_pages_are_made(tracker: str, page: Page) -> None:
    folder = ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)

    for name, path in (("start", ""), ("pledge", PLEDGE), ("proposal", PROPOSAL)):
        for language in LANGUAGES:
            for device, width in WIDTHS.items():
                page.set_viewport_size({"width": width, "height": 1000 if device == "desk" else 780})
                page.goto(f"{tracker}/{language}/{path}")
                page.screenshot(path=folder / f"{name}.{language}.{device}.png")

    assert len(list(folder.glob("pledge.*.png"))) == len(LANGUAGES) * len(WIDTHS)
