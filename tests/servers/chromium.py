"""The system's Chromium, driven by Playwright."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")


def what_is_missing() -> str:
    """Return why the browser tests cannot run, or nothing when they can."""
    if not CHROMIUM.exists():
        return "Chromium is not installed: apt-get install chromium fonts-wqy-zenhei"
    if shutil.which("fc-list") and not subprocess.run(["fc-list", ":lang=zh"], capture_output=True).stdout:
        return "No Chinese font is installed: apt-get install fonts-wqy-zenhei"
    return ""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run. Skips the test, with the reason, where there is none."""
    if missing := what_is_missing():
        pytest.skip(missing)
    # Playwright keeps an event loop running in this thread, in which Django refuses queries unless it is told.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM))
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page, without cookies, of 1440 by 900 pixels; `page.set_viewport_size` makes it a phone's."""
    with browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB") as context:
        yield context.new_page()
