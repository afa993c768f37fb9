"""What an actor says stands beside the status, never edits it, and contests it where it disputes it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from commitments.models import Pledge
from commitments.resources import PledgeResource
from publishing import reading
from publishing.actions import publish, unpublish
from tests.commitments.world import decide, load
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
