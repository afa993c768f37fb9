"""A deadline ends where its actor is: when that changes, its pledges follow in the same change."""

from datetime import UTC, datetime

import pytest

from catalog.models import Actor
from commitments.models import Pledge
from publishing.actions import publish
from publishing.models import Act, Change, Document, LedgerEntry
from publishing.verifying import Verified, verify
from tests.commitments.world import load, records

pytestmark = pytest.mark.django_db

IN_SHANGHAI = datetime(2026, 12, 31, 16, tzinfo=UTC)
IN_SEOUL = datetime(2026, 12, 31, 15, tzinfo=UTC)


def test_pledges_follow_the_time_zone_of_their_actor(world, reviewer):
    acme = Actor.objects.get(ref="acme")
    assert Pledge.objects.get(ref="accord.report.acme").overdue_from == IN_SHANGHAI

    acme.time_zone = "Asia/Seoul"
    acme.save()
    publish(things=[acme.pk], by=reviewer, act=Act.PUBLISH)

    pledge = Pledge.objects.get(ref="accord.report.acme")
    change = Change.objects.order_by("-first_seq")[0]
    revised = set(LedgerEntry.objects.filter(change=change).values_list("ref", flat=True))
    assert pledge.overdue_from == IN_SEOUL
    assert Document.objects.current().get(thing=pledge).body["overdue_from"] == "2026-12-31T15:00:00.000000Z"
    assert revised == {"acme", "accord.report.acme", "accord.wages.acme", "archive.report.acme"}
    assert isinstance(verify(), Verified)


def test_a_file_that_moves_an_actor_moves_its_deadlines(world):
    load(world / "moved", {"actors": [records(2026)["actors"][0] | {"time_zone": "Asia/Seoul"}]})

    pledge = Pledge.objects.get(ref="accord.report.acme")
    assert pledge.overdue_from == IN_SEOUL
    assert Document.objects.current().get(thing=pledge).body["overdue_from"] == "2026-12-31T15:00:00.000000Z"


def test_another_name_of_an_actor_revises_the_actor_alone(world, reviewer):
    acme = Actor.objects.get(ref="acme")
    acme.name_en = "Acme Limited"
    acme.save()

    act = publish(things=[acme.pk], by=reviewer, act=Act.PUBLISH)

    assert act.seq == act.first_seq
