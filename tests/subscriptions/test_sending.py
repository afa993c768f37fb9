"""Mails leave the outbox once, over mail servers that refuse or vanish and processes that are killed."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs.registry import get_job
from publishing import ledger
from subscriptions.models import Digest, Message, Subscription
from tests.commitments.test_deadlines import wait_until, waiting_for_a_lock
from tests.commitments.world import decide
from tests.servers.mail import Mailbox, free_port
from tests.subscriptions.conftest import compose, send

pytestmark = pytest.mark.waits

DAY = date(2026, 11, 20)
LATER = "2100-01-01T08:00Z"


@dataclass
class MoodyMailbox(Mailbox):
    """A mail server that can refuse recipients, refuse mails, or keep quiet after it has taken one."""

    refuses: dict[str, str] = field(default_factory=dict)
    quiet_about: str = ""
    asked: threading.Event = field(default_factory=threading.Event)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        if envelope.rcpt_tos == [self.quiet_about]:
            self.asked.set()
            while self.quiet_about:
                await asyncio.sleep(0.05)
        return answer

    def received(self) -> list[tuple[str, str]]:
        """Return (address, Message-ID) of the digests that were taken, in order."""
        taken = zip(self.recipients, self.messages, strict=True)
        return [(to, mail["Message-ID"]) for (to,), mail in taken if mail["List-Unsubscribe"]]


@pytest.fixture
def moody(settings: Any) -> Iterator[MoodyMailbox]:
    mailbox = MoodyMailbox("127.0.0.1", free_port())
    controller = Controller(mailbox, hostname=mailbox.host, port=mailbox.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = mailbox.host, mailbox.port
    yield mailbox
    mailbox.quiet_about = ""
    controller.stop()


@pytest.fixture
def readers(world: Path, reviewer: Any) -> list[str]:
    """Three confirmed subscribers of everything, and one status change to tell them."""
    now = timezone.now()
    addresses = [f"{name}@example.org" for name in ("ada", "bo", "cy")]
    for address in addresses:
        Subscription.objects.create(
            email=address,
            frequency="daily",
            state="confirmed",
            requested_at=now,
            confirmed_at=now,
            position=ledger.head().seq,
            next_due_at=datetime(2100, 1, 1, 8, tzinfo=UTC),
        )
    decide("accord.report.acme", "in_progress", on=DAY, by=reviewer)
    return addresses


class Jobs:
    """Jobs by hand in processes of their own."""

    def __init__(self, environment: dict[str, str], mailbox: Mailbox) -> None:
        self.environment = environment | {"EMAIL_URL": mailbox.url}

    def start(self, name: str, at: str = LATER) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "run_job", name, "--at", at],
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, name: str, at: str = LATER) -> int:
        return self.start(name, at).wait(60)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.fixture
def jobs(process_environment: dict[str, str], moody: MoodyMailbox) -> Jobs:
    return Jobs(process_environment, moody)


def test_a_mail_that_is_not_taken_now_is_tried_again_later_with_the_same_id(readers, moody):
    moody.refuses = {"bo@example.org": "451 4.2.1 come back later"}
    compose(LATER)

    send("2150-01-01T00:00Z")
    send("2150-01-01T00:01Z")
    message = Message.objects.get(to="bo@example.org")
    assert (message.state, message.attempts) == ("waiting", 1)
    assert "come back later" in message.error
    moody.refuses = {}
    send("2150-01-01T00:02Z")
    send("2150-01-02T00:00Z")

    message.refresh_from_db()
    assert (message.state, message.attempts, message.error) == ("sent", 2, "")
    assert [to for to, _id in moody.received()] == ["ada@example.org", "cy@example.org", "bo@example.org"]
    assert dict(moody.received()) == dict(Message.objects.values_list("to", "message_id"))


def test_an_address_that_is_refused_for_good_has_failed_at_once(readers, moody):
    moody.refuses = {"bo@example.org": "550 5.1.1 no such user"}
    compose(LATER)

    send()

    states = dict(Message.objects.values_list("to", "state"))
    assert states == {"ada@example.org": "sent", "bo@example.org": "failed", "cy@example.org": "sent"}


def test_tries_come_to_an_end(readers, moody):
    moody.refuses = dict.fromkeys(readers, "451 4.2.1 come back later")
    compose(LATER)
    first_of_all = datetime(2150, 1, 1, tzinfo=UTC)

    moment, tries = first_of_all, []
    while Message.objects.waiting().exists():
        send(moment.isoformat())
        tries.append(moment)
        moment = Message.objects.order_by("-try_at").values_list("try_at", flat=True)[0]

    assert set(Message.objects.values_list("state", "attempts")) == {("failed", 12)}
    assert timedelta(hours=24) < tries[-1] - first_of_all < timedelta(hours=40)


def test_what_does_not_fit_into_one_run_leaves_with_the_next(readers, moody, monkeypatch):
    monkeypatch.setattr("subscriptions.digests.MOST_IN_A_RUN", 2)
    monkeypatch.setattr("subscriptions.mail.MOST_IN_A_RUN", 2)

    compose(LATER)
    send()
    assert (Message.objects.count(), len(moody.received())) == (2, 2)
    compose(LATER)
    send()

    assert [to for to, _id in moody.received()] == readers


def test_a_mail_server_that_is_down_costs_no_attempt(readers, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    compose(LATER)

    with pytest.raises(CommandError, match="Connection refused"):
        send()

    assert set(Message.objects.values_list("state", "attempts")) == {("waiting", 0)}


def test_without_a_mail_server_mails_go_to_a_folder(readers, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    compose(LATER)

    send()

    written = "".join(file.read_text() for file in (tmp_path / "mail").iterdir())
    assert all(f"To: {address}" in written for address in readers)


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_tell_everybody_once(readers, jobs, moody):
    composing = [jobs.start("compose_digests"), jobs.start("compose_digests")]
    assert [process.wait(60) for process in composing] == [0, 0]
    sending = [jobs.start("send_messages"), jobs.start("send_messages")]
    assert [process.wait(60) for process in sending] == [0, 0]

    assert sorted(moody.received()) == sorted(Message.objects.values_list("to", "message_id"))
    assert [to for to, _id in sorted(moody.received())] == readers


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_while_it_composes_loses_and_repeats_nothing(
    readers: list[str], jobs: Jobs, moody: MoodyMailbox, connected_as: Callable[[str], psycopg.Connection[Any]]
) -> None:
    superuser = connected_as("postgres")
    with superuser.transaction():
        # It can write the first mail, and waits before it may note that it has told anybody.
        superuser.execute("LOCK TABLE subscriptions_digest IN SHARE MODE")
        process = jobs.start("compose_digests")
        wait_until(lambda: waiting_for_a_lock() == 1)
        jobs.kill(process)
    wait_until(lambda: waiting_for_a_lock() == 0)
    assert (Message.objects.count(), Digest.objects.count()) == (0, 0)

    assert [jobs.run("compose_digests"), jobs.run("compose_digests"), jobs.run("send_messages")] == [0, 0, 0]

    assert Digest.objects.count() == 3
    assert [to for to, _id in sorted(moody.received())] == readers


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_while_it_sends_repeats_one_mail_at_most_under_its_id(readers, jobs, moody):
    assert jobs.run("compose_digests") == 0
    moody.quiet_about = "bo@example.org"
    process = jobs.start("send_messages")
    assert moody.asked.wait(30)
    jobs.kill(process)
    moody.quiet_about = ""
    assert dict(Message.objects.values_list("to", "state"))["bo@example.org"] == "waiting"

    # The rest leaves at once, what nobody knows of after its pause.
    assert jobs.run("send_messages") == 0
    assert [to for to, _id in moody.received()] == ["ada@example.org", "bo@example.org", "cy@example.org"]
    assert [jobs.run("send_messages", "2100-01-01T08:02Z"), jobs.run("send_messages", "2100-01-01T09:00Z")] == [0, 0]

    ids = dict(Message.objects.values_list("to", "message_id"))
    assert moody.received() == [(to, ids[to]) for to in (*readers, "bo@example.org")]
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_the_jobs_are_in_the_timetable(world):
    every_minute = {name: get_job(name).every for name in ("compose_digests", "send_messages")}

    assert every_minute == dict.fromkeys(every_minute, timedelta(minutes=1))


def test_a_failed_mail_can_be_sent_again(readers, moody, admin_client):
    moody.refuses = {"bo@example.org": "550 5.1.1 no such user"}
    compose(LATER)
    send()
    moody.refuses = {}

    keys = list(Message.objects.values_list("pk", flat=True))
    admin_client.post("/admin/subscriptions/message/", {"action": "send_again", "_selected_action": keys}, follow=True)
    call_command("run_job", "send_messages", verbosity=0)

    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
    assert len(moody.received()) == 3
