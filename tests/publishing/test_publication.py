"""What becomes public, ceases to be, and comes back."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Actor
from catalog.resources import ActorResource
from commitments.models import Commitment, Instrument, Pledge
from publishing import ledger
from publishing.actions import publish, unpublish
from publishing.errors import NoteMissing, NotPublic, ParentNotPublic
from publishing.fields import Derived
from publishing.models import Action, LedgerEntry, Publishable
from sources.models import Source
from tests.commitments.world import decide
from tracking.actions.errors import EvidenceCited, StatusChangeStays
from tracking.models import Evidence


def test_a_child_is_not_published_before_what_it_hangs_on(world):
    before = ledger.head()
    draft = Commitment.objects.create(
        ref="accord.new",
        instrument=Instrument.objects.get(ref="accord"),
        title_en="New",
        title_zh="新",
        text_en="New.",
        text_zh="新。",
    )
    pledge = Pledge.objects.create(ref="accord.new.joint", commitment=draft, title_en="New", title_zh="新")

    with pytest.raises(ParentNotPublic):
        publish(things=[pledge.pk], by=None)

    assert ledger.head() == before
    publish(things=[pledge.pk, draft.pk], by=None)
    written = LedgerEntry.objects.filter(seq__gt=before.seq).order_by("seq")
    assert list(written.values_list("ref", flat=True)) == ["accord.new", "accord.new.joint"]


def test_publishing_what_has_not_changed_writes_nothing(world):
    before = ledger.head()

    publish(things=list(Publishable.objects.values_list("pk", flat=True)), by=None)

    assert ledger.head() == before


def test_what_hangs_on_something_goes_with_it_and_comes_back_with_it(world, reviewer):
    decide("accord.report.acme", "fulfilled", on=date(2026, 11, 20), by=reviewer)
    record = Publishable.objects.get(ref="accord.report.acme")

    unpublish(thing=record, note_en="A mistaken identity.", note_zh="", by=reviewer)

    gone = Publishable.objects.filter(state="unpublished")
    assert set(gone.values_list("resource", flat=True)) == {"pledges", "evidence", "status-changes"}
    call_command("verify_ledger")

    publish(things=[record.pk], by=reviewer)

    assert gone.count() == 0
    last = LedgerEntry.objects.order_by("-seq").values_list("ref", "action")[:3]
    assert {action for _ref, action in last} == {Action.PUBLISHED}
    call_command("verify_ledger")


def test_unpublishing_needs_a_note_and_something_public(world, reviewer):
    before, bolt = ledger.head(), Publishable.objects.get(ref="accord.report.bolt")

    with pytest.raises(NoteMissing):
        unpublish(thing=bolt, note_en=" ", note_zh="", by=reviewer)
    assert ledger.head() == before

    unpublish(thing=bolt, note_en="", note_zh="有误", by=reviewer)
    with pytest.raises(NotPublic):
        unpublish(thing=bolt, note_en="Again.", note_zh="", by=reviewer)


def test_a_published_status_and_what_it_stands_on_are_never_taken_back(world, reviewer):
    change = decide("accord.report.acme", "fulfilled", on=date(2026, 11, 20), by=reviewer)
    before = ledger.head()

    with pytest.raises(StatusChangeStays):
        unpublish(thing=change, note_en="Wrong.", note_zh="", by=reviewer)
    for cited in (Evidence.objects.get(ref="evd-acme"), Source.objects.get(ref="src-report")):
        with pytest.raises(EvidenceCited):
            unpublish(thing=cited, note_en="Wrong.", note_zh="", by=reviewer)

    assert ledger.head() == before


def test_a_release_that_publishes_another_field_revises_the_documents_once(world, monkeypatch, reviewer):
    more = {**ActorResource.fields, "state": Derived("Whether it is public.")}
    more["state"].__set_name__(ActorResource, "state")
    monkeypatch.setattr(ActorResource, "fields", more)
    before = ledger.head().seq
    with pytest.raises(CommandError, match="behind the ledger: state"):
        call_command("verify_ledger")

    call_command("redeclare")
    call_command("redeclare")

    revised = LedgerEntry.objects.filter(seq__gt=before)
    assert set(revised.values_list("ref", "action", "change__act")) == {
        ("acme", "revised", "redeclare"),
        ("bolt", "revised", "redeclare"),
    }
    call_command("verify_ledger")


def test_what_was_changed_behind_the_ledger_is_not_passed_off_as_a_new_field(world):
    before = ledger.head()
    Actor.objects.filter(ref="acme").update(note_en="Slipped in.")

    with pytest.raises(CommandError, match="behind the ledger: note_en"):
        call_command("redeclare")

    assert ledger.head() == before
