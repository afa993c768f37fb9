"""What an actor says stands beside the status, never edits it, and contests it where it disputes it."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from catalog.models import Actor
from commitments.models import Pledge
from commitments.resources import PledgeResource
from publishing import reading
from publishing.actions import publish, unpublish
from sources.models import Source
from tests.commitments.world import decide, load, records
from tracking.models import Record, Response

ACME = "accord.report.acme"


@pytest.fixture
def disputed(world: Path, reviewer: User) -> Response:
    """A status, and the answer that disputes it."""
    decide(ACME, "not_started", on=date(2026, 11, 20), by=reviewer)
    answer = {
        "ref": "rsp-acme",
        "record": ACME,
        "actor": "acme",
        "stated_on": "2026-11-21",
        "gist_en": "Acme says that the report is ready.",
        "gist_zh": "顶点公司称报告已完成。",
        "disputes": True,
        "source": "src-report",
    }
    load(world / "answer", {"responses": [answer]})
    return Response.objects.get()


def told(*, version: int | None = None) -> dict[str, Any]:
    asked = reading.ask(now=timezone.now(), version=version)
    (answer,) = reading.present(PledgeResource, [Pledge.objects.get(ref=ACME).pk], asked)
    return {"status": answer["status"], "contested": answer["contested"]}


def test_an_answer_that_disputes_the_status_contests_it_and_leaves_it_alone(disputed):
    assert told() == {"status": "not_started", "contested": True}
    assert Record.objects.get(ref=ACME).contested
    assert list(Record.objects.filter(contested=True).values_list("ref", flat=True)) == [ACME]


def test_before_the_answer_it_was_not_contested(disputed):
    before = disputed.documents.get().pk - 1

    assert told(version=before) == {"status": "not_started", "contested": False}


def test_an_answer_that_no_longer_disputes_anything_contests_nothing(disputed, reviewer):
    disputed.disputes = False
    disputed.save()
    publish(things=[disputed.pk], by=reviewer)

    assert told() == {"status": "not_started", "contested": False}
    assert not Record.objects.get(ref=ACME).contested
    call_command("verify_ledger", verbosity=0)


def test_an_answer_that_is_unpublished_contests_nothing(disputed, reviewer):
    unpublish(thing=disputed, note_en="It was somebody else's answer.", note_zh="", by=reviewer)

    assert told() == {"status": "not_started", "contested": False}
    assert not Record.objects.get(ref=ACME).contested
    call_command("verify_ledger", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_an_answer_waits_for_whoever_is_saving_its_record(tmp_path, reviewer):
    load(tmp_path / "world", records(2026))
    pledge = Pledge.objects.get(ref=ACME)
    answer = Response.objects.create(
        ref="rsp-acme",
        record=pledge,
        actor=Actor.objects.get(ref="acme"),
        stated_on="2026-11-21",
        gist_en="Not so.",
        gist_zh="并非如此。",
        disputes=True,
        source=Source.objects.get(ref="src-report"),
    )

    def publish_answer() -> None:
        publish(things=[answer.pk], by=reviewer)
        connection.close()

    with ThreadPoolExecutor(1) as colleague:
        with transaction.atomic():
            pledge.title_en = "Publish a report each year"
            pledge.save()
            published = colleague.submit(publish_answer)
            wait_until_somebody_waits()
            publish(things=[pledge.pk], by=reviewer)
        published.result(timeout=20)

    pledge.refresh_from_db()
    assert pledge.contested
    assert pledge.documents.current().get().body["title_en"] == "Publish a report each year"
    assert answer.documents.current().exists()


def wait_until_somebody_waits() -> None:
    deadline = time.monotonic() + 20
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise TimeoutError("nobody waits for the row")
