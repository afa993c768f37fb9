"""What Pactwatch is for, told once from end to end on the starting records, through its public doors only.

A deadline passes, a job finds it, somebody decides on evidence, the ledger records it, API and pages show it with its
history, and a subscriber reads of it in a mail. Every process is a real one: PostgreSQL, Valkey, worker, beat, web
server and SMTP server.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.servers.mail import Mailbox, receiving_mail
from tests.servers.stack import Stack, running_stacks
from tests.servers.visitor import Visitor

pytestmark = pytest.mark.waits

# A yearly report of the United Nations' panel, due in July 2026; the records know of a preliminary one.
PLEDGE = "unga-res-79-325.annual-report.un.2026"
SOURCE = "https://boesl.org/en/un-independent-scientific-panel-ai-preliminary-report/"
SHOWS = {"en": "Preliminary report released on 1 July 2026.", "zh": "2026年7月1日发布初步报告。"}
REASON = {
    "en": "A preliminary report came out on 1 July 2026. Whether it counts as the report of the year is open.",
    "zh": "2026年7月1日发布了初步报告；它是否即为该年度报告尚无定论。",
}
DECISION = {
    "status": "in_progress",
    "effective_on": "2026-07-01",
    "reason_en": REASON["en"],
    "reason_zh": REASON["zh"],
    "link-0-url": SOURCE,
    "link-0-stance": "supports",
    "link-0-observed_on": "2026-07-01",
    "link-0-shows_en": SHOWS["en"],
    "link-0-shows_zh": SHOWS["zh"],
}
LANGUAGES = {"en": "en", "zh-hans": "zh"}
WIDTHS = {"phone": 360, "desk": 1440}
PICTURES = Path(__file__).resolve().parents[1] / "docs" / "images"

SUBSCRIBER = "reader@example.org"
PASSWORD = "admin-of-the-tests"

Found = TypeVar("Found")


@dataclass
class Tracker:
    """A running tracker, the mail server that it uses, and somebody who looks at it from outside."""

    stack: Stack
    mailbox: Mailbox
    reader: Visitor

    def manage(self, *arguments: str) -> str:
        done = self.stack.manage(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def head(self) -> str:
        """Return the last position of the ledger as SEQ:HASH."""
        head = self.reader.json("/api/v1/ledger/?page_size=1")["head"]
        return f"{head['seq']}:{head['hash']}"

    def pledge(self, query: str = "") -> Any:
        return self.reader.json(f"/api/v1/pledges/{PLEDGE}/{query}")

    @cached_property
    def staff(self) -> Visitor:
        """Somebody who has logged into the admin and may approve."""
        reviewer = Visitor(self.stack.url)
        reviewer.log_in(username="admin", password=PASSWORD)
        return reviewer


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    with receiving_mail() as mailbox, running_stacks(tmp_path_factory) as run_stack:
        stack = run_stack(EMAIL_URL=mailbox.url, ADMIN_PASSWORD=PASSWORD)
        yield Tracker(stack, mailbox, Visitor(stack.url))


def wait_for(what: Callable[[], Found | None], *, seconds: int) -> Found:
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"It did not come within {seconds} s."
        time.sleep(0.3)
    return found


def decide_path(staff: Visitor) -> str | None:
    """Return the address under which the queue of findings lets somebody decide on the pledge, once it is there."""
    queue = staff.get(f"/admin/tracking/finding/?q={PLEDGE}")
    found = re.search(r'href="(/admin/tracking/record/\d+/decide/\?finding=(\d+))"', queue.text)
    return found and found[1]


def body_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def link_in(text: str, page: str) -> str:
    found = re.search(rf"http://127\.0\.0\.1:\d+/en/subscriptions/\S+/{page}/", text)
    assert found, text
    return found[0]


@contextmanager
def looking(browser: Browser, tracker: Tracker, *, language: str, width: int) -> Iterator[Page]:
    """Give a page of a member of staff who reads this language; it must keep its width, policy and axe's rules."""
    complaints: list[str] = []
    with browser.new_context(base_url=tracker.stack.url, viewport={"width": width, "height": 900}) as context:
        cookies = {**{kept.name: kept.value or "" for kept in tracker.staff.cookies}, "django_language": language}
        given: list[Any] = [{"name": n, "value": v, "url": tracker.stack.url} for n, v in cookies.items()]
        context.add_cookies(given)
        page = context.new_page()
        page.on(
            "console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None
        )
        yield page
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        assert complaints == []
        # Last, because it puts styles of its own into the page.
        faults = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [fault["id"] for fault in faults if fault["impact"] in ("serious", "critical")] == [], page.url


def take_picture(page: Page, name: str) -> None:
    if os.environ.get("PICTURES") == "1":
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png")


@pytest.mark.browser
def test_the_decide_page_shows_on_a_phone_and_a_desk_what_the_public_will_see(
    tracker: Tracker, browser: Browser
) -> None:
    path = wait_for(lambda: decide_path(tracker.staff), seconds=60)

    for language in LANGUAGES:
        for device, width in WIDTHS.items():
            with looking(browser, tracker, language=language, width=width) as page:
                page.goto(path)
                page.check('[name="status"][value="in_progress"]')
                for name, value in DECISION.items():
                    if name == "link-0-stance":
                        page.select_option(f'[name="{name}"]', value)
                    elif name != "status":
                        page.fill(f'[name="{name}"]', value)
                page.click('[name="_preview"]')

                assert REASON["zh"] in page.locator(".preview").inner_text()
                take_picture(page, f"decide.{language}.{device}")

    assert (tracker.pledge()["history"], tracker.pledge()["evidence"]) == ([], [])


def test_a_passed_deadline_is_found_decided_recorded_shown_and_mailed(tracker: Tracker) -> None:
    reader, stack, mailbox = tracker.reader, tracker.stack, tracker.mailbox
    before = tracker.pledge()
    head_before = tracker.head()
    assert (before["status"], before["overdue"], before["due_on"]) == ("not_assessed", True, "2026-07-31")
    assert (before["history"], before["evidence"]) == ([], [])

    # Somebody follows the pledge, and gives consent from the mail.
    form = reader.get(f"/en/subscribe/?follow={PLEDGE}")
    assert f'value="{PLEDGE}" checked' in form.text
    # It must not become eight in the morning there while the story is told: beat would compose the digest itself.
    zone = "Asia/Shanghai" if datetime.now(UTC).hour in (7, 8) else "UTC"
    wish = {"email": SUBSCRIBER, "follow": PLEDGE, "frequency": "daily", "language": "en", "time_zone": zone}
    assert reader.submit(form, wish).url == f"{stack.url}/en/subscribe/sent/"
    tracker.manage("run_job", "send_messages")
    (asked,) = mailbox.messages
    assert asked["To"] == SUBSCRIBER
    confirmed = reader.post(link_in(body_of(asked, "plain"), "confirm"))
    assert (confirmed.status, SUBSCRIBER in confirmed.text) == (200, True)

    # Beat and worker have noticed the deadline by themselves; the status is as it was.
    staff = tracker.staff
    path = wait_for(lambda: decide_path(staff), seconds=60)
    assert tracker.pledge()["status"] == "not_assessed"

    # A member of staff decides on evidence: sees in the preview what the public will see, then publishes it.
    page = staff.get(path)
    assert "Nobody has decided on it yet." in page.text and "overdue" in page.text
    decision = {**DECISION, "findings": path.rpartition("=")[2]}
    preview = staff.submit(page, {**decision, "_preview": "1"})
    assert "What will be seen in public" in preview.text
    assert (tracker.pledge()["status"], tracker.head()) == ("not_assessed", head_before)
    approved = staff.submit(preview, {**decision, "_approve": "1"})
    assert "The decision is public now." in approved.text
    assert decide_path(staff) is None

    # The ledger has grown by the evidence and the change of status, and what was there before still is.
    head_after = tracker.head()
    assert int(head_after.split(":")[0]) == int(head_before.split(":")[0]) + 2
    verified = tracker.manage("verify_ledger", "--head", head_before)
    assert verified.splitlines()[-1] == head_after

    # The API tells the status with its reason, its evidence and its history.
    after = tracker.pledge()
    (change,), (evidence,) = after["history"], after["evidence"]
    assert (after["status"], after["status_since"], after["version"]) == (
        "in_progress",
        "2026-07-01",
        int(head_after.split(":")[0]),
    )
    assert (change["reason_en"], change["reason_zh"]) == (REASON["en"], REASON["zh"])
    assert (change["evidence"], change["ledger"]["seq"]) == ([evidence["ref"]], after["version"])
    assert (evidence["source"]["url"], evidence["shows_en"], evidence["stance"]) == (SOURCE, SHOWS["en"], "supports")

    # So do the pages, in both languages, and the address of the version before still answers as it did.
    for language, lang in LANGUAGES.items():
        shown = reader.get(f"/{language}/records/{PLEDGE}/").text
        assert REASON[lang] in shown and SHOWS[lang] in shown and f'href="{SOURCE}"' in shown
    then = f"?version={before['version']}"
    old = tracker.pledge(then)
    assert (old["status"], old["history"], old["evidence"]) == ("not_assessed", [], [])
    old_page = reader.get(f"/en/records/{PLEDGE}/{then}").text
    assert "This is the page as it stood at data version" in old_page and REASON["en"] not in old_page

    # The next morning's digest tells the subscriber; the worker hands it to the mail server by itself.
    tomorrow = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=1)
    composed = tracker.manage("run_job", "compose_digests", "--at", tomorrow.isoformat())
    assert "found or did 1 thing" in composed
    wait_for(lambda: len(mailbox.messages) == 2, seconds=90)
    digest = mailbox.messages[1]
    assert (digest["To"], digest["Subject"]) == (SUBSCRIBER, "Pactwatch: 1 status change")
    for kind in ("plain", "html"):
        text = body_of(digest, kind)
        assert REASON["en"] in text and SHOWS["en"] in text
        assert f"{stack.url}/en/records/{PLEDGE}/?version={after['version']}" in text
        assert head_after.split(":")[1] in text
    assert "not assessed → in progress" in body_of(digest, "plain")

    # One POST ends it, as mail programs send it (RFC 8058).
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    ended = reader.post(digest["List-Unsubscribe"].strip(" <>"), {"List-Unsubscribe": "One-Click"})
    assert "You are unsubscribed" in ended.text
    again = tracker.manage("run_job", "compose_digests", "--at", (tomorrow + timedelta(days=1)).isoformat())
    assert "found or did 0 things" in again


@pytest.mark.browser
def test_the_page_shows_the_decision_on_a_phone_and_a_desk(tracker: Tracker, browser: Browser) -> None:
    told = tracker.pledge()

    for language, lang in LANGUAGES.items():
        for device, width in WIDTHS.items():
            with looking(browser, tracker, language=language, width=width) as page:
                page.goto(f"/{language}/records/{PLEDGE}/")

                assert page.get_by_role("heading", level=1).inner_text().startswith(told[f"title_{lang}"])
                assert page.locator(".history .reason").all_inner_texts() == [
                    change[f"reason_{lang}"] for change in told["history"]
                ]
                take_picture(page, f"decided.{language}.{device}")

    for digest in tracker.mailbox.messages[1:]:
        with looking(browser, tracker, language="en", width=WIDTHS["phone"]) as page:
            page.set_content(body_of(digest, "html"))
            take_picture(page, "digest.en.phone")
