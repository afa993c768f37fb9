import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from subscriptions.models import Message, Subscription
from tests.commitments.conftest import process_environment, reviewer
from tests.commitments.world import load, records
from tests.servers.mail import Mailbox

__all__ = ["process_environment", "reviewer"]

ADA = "ada@example.org"


def path_in(text: str, page: str = "") -> str:
    """Return the path of the first link in a mail that leads to a subscription's page."""
    found = re.search(rf"http://127\.0\.0\.1:8000(/[a-z-]+/subscriptions/[^/\s]+/{page}/?)(?=\s)", text)
    assert found, text
    return found[1]


class Subscriber:
    """Somebody who does everything through the public pages and the links in the mails."""

    def __init__(self, email: str, smtp: Mailbox) -> None:
        self.email, self.smtp = email, smtp
        # Whoever comes from a mail has no cookies; none are needed.
        self.browser = Client(enforce_csrf_checks=True)

    def ask(self, *follow: str, language: str = "en", **others: str) -> Any:
        wish = {"frequency": "daily", "language": language, "time_zone": "UTC", **others}
        return self.browser.post(f"/{language}/subscribe/", {"email": self.email, "follow": follow, **wish})

    def confirm(self, message: Any = None) -> Any:
        text = (message or Message.objects.filter(to=self.email).latest("pk")).text
        return self.browser.post(path_in(text, "confirm"))

    def subscribe(self, *follow: str, **others: str) -> Subscription:
        assert self.ask(*follow, **others).status_code == 302
        assert self.confirm().status_code == 302
        return Subscription.objects.confirmed().of(self.email).get()

    @property
    def mails(self) -> list[Any]:
        """The mails that arrived at this address, as the mail server took them."""
        taken = zip(self.smtp.messages, self.smtp.recipients, strict=True)
        return [message for message, recipients in taken if recipients == [self.email]]

    @property
    def digests(self) -> list[Any]:
        return [mail for mail in self.mails if mail["List-Unsubscribe"]]


@pytest.fixture
def world(db: None, tmp_path: Path) -> Path:
    """A small world, published, with deadlines from the end of 2090: the ledger takes its time from the real clock."""
    load(tmp_path / "world", records(2090))
    return tmp_path


@pytest.fixture
def ada(smtp: Mailbox) -> Subscriber:
    return Subscriber(ADA, smtp)


@pytest.fixture
def bo(smtp: Mailbox) -> Subscriber:
    return Subscriber("bo@example.org", smtp)


@pytest.fixture
def clock() -> Iterator[Any]:
    """Noon on a Tuesday in autumn 2026, for what people do on the pages."""
    with time_machine.travel(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=True) as traveller:
        yield traveller


def compose(at: str) -> None:
    call_command("run_job", "compose_digests", "--at", at, verbosity=0)


def send(at: str = "2150-01-01") -> None:
    call_command("run_job", "send_messages", "--at", at, verbosity=0)


def text_of(mail: Any) -> str:
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(mail: Any) -> str:
    return mail.get_body(("html",)).get_content().replace("\r\n", "\n")


def path_of(url: str) -> str:
    return urlsplit(url).path
