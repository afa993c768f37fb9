"""Promises that come round again get the record of their next period: published by a job, and not assessed."""

from datetime import date
from pathlib import Path

from django.core.management import call_command

from commitments.models import Pledge
from publishing.actions import unpublish
from publishing.models import Change, LedgerEntry
from publishing.verifying import Verified, verify
from tests.commitments.world import commitment, decide, evidence, load

PARENT = "accord.monthly.bolt"


def monthly(world: Path) -> None:
    rule = {"kind": "recurring", "date": "2026-10-31", "every": "P1M"}
    promise = commitment("accord.monthly", ("Report each month", "每月报告"), ["labour"], ["bolt"], rule)
    load(world / "monthly", {"commitments": [promise]})


def run(at: str) -> None:
    call_command("run_job", "publish_next_periods", "--at", at, verbosity=0)


def periods() -> dict[str, str]:
    return dict(
        Pledge.objects.public().filter(instance_of__ref=PARENT).order_by("period").values_list("period", "due_date")
    )


def test_the_next_period_is_published_once_as_one_act_when_the_one_before_is_over(world):
    monthly(world)
    known = periods()
    newest = max(known.values())

    run(newest)
    run(newest)

    added = periods().keys() - known.keys()
    assert len(added) == 1
    instance = Pledge.objects.get(instance_of__ref=PARENT, period=added.pop())
    assert (instance.status, instance.title_en, instance.due_kind) == ("not_assessed", "Report each month", "fixed")
    change = Change.objects.order_by("-last_seq")[0]
    assert (change.act, change.by) == ("recur", None)
    entry = LedgerEntry.objects.get(change=change)
    assert (entry.action, entry.ref) == ("published", instance.ref)
    assert isinstance(verify(), Verified)


def test_periods_that_were_missed_are_made_up_for_in_one_act_and_keep_the_last_day_of_the_month(world):
    monthly(world)
    changes = Change.objects.count()

    run("2027-03-15")

    assert {"2026-12": "2026-12-31", "2027-02": "2027-02-28", "2027-03": "2027-03-31"}.items() <= periods().items()
    assert max(periods()) == "2027-03"
    assert Change.objects.count() == changes + 1


def test_no_period_is_made_after_the_end_nor_of_what_was_withdrawn_nor_one_that_was_unpublished(world, reviewer):
    run("2030-01-01")
    assert sorted(Pledge.objects.filter(instance_of__ref="accord.yearly.bolt").values_list("period", flat=True)) == [
        "2025",
        "2026",
    ]

    monthly(world)
    known = periods()
    newest = Pledge.objects.get(instance_of__ref=PARENT, period=max(known))
    unpublish(thing=newest, note_en="It was a mistake.", note_zh="", by=reviewer)
    load(world / "shown", {"evidence": [evidence("evd-monthly", PARENT)]})
    decide(PARENT, "withdrawn", on=date(2026, 11, 20), by=reviewer)

    run("2030-01-01")

    assert periods().keys() == known.keys() - {newest.period}
