"""Whatever happens to the processes and to the clock, the findings are those of an undisturbed tracker.

With DRILL=small each job dies at a handful of its statements; `make drill-jobs` kills it before each of them.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test.testcases import TransactionTestCase

from accounts.models import User
from jobs.models import JobRun
from jobs.registry import JOBS
from publishing.models import Change, SignedHead
from publishing.verifying import Verified, verify
from subscriptions.models import Digest, Message, Subscription
from tests.drills.dying import DONE, NOT_DUE, end_of, kill_at_every_step, start
from tests.drills.world import findings_that_stand, make_world, published_records
from tests.servers.mail import Mailbox
from tracking.models import Finding, FindingKind

WHOLE = os.environ.get("DRILL") == "whole"
DAY = timedelta(days=1)
NEW_YEAR = datetime(2091, 1, 1, 8, 30, tzinfo=UTC)
DAYS = 5

# It forks this process, which may therefore do nothing else.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("DRILL" not in os.environ, reason="it runs by itself, after the other tests: DRILL=small"),
]


def do_all(now: datetime) -> None:
    for name in sorted(JOBS):
        assert end_of(start(name, now=now)) in (DONE, NOT_DUE), name


def found() -> dict[str, Any]:
    """Return what all jobs together came to."""
    verified = verify()
    assert isinstance(verified, Verified), verified
    return {
        "findings": findings_that_stand(),
        "records": published_records(),
        "first heads": SignedHead.objects.order_by("day").values_list("day", flat=True).first(),
        "subscribers": sorted(Subscription.objects.values_list("email", "state")),
        "not sent": list(Message.objects.exclude(state="sent").values_list("to", "state")),
    }


def test_killed_at_each_step_doubled_late_and_with_a_clock_that_jumps_the_jobs_find_the_same(
    db: None, smtp: Mailbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_world(tmp_path / "undisturbed", reviewer=User.objects.create_superuser("reviewer"))
    for day in range(DAYS):
        do_all(NEW_YEAR + day * DAY)
    undisturbed = found()
    # The event is over by the last day.
    kinds = {kind for kind, _ref, _fingerprint in undisturbed["findings"]}
    assert kinds == set(FindingKind.values) - {FindingKind.EVENT_CAME}

    vars(TransactionTestCase)["_fixture_teardown"](TransactionTestCase())
    smtp.messages.clear()
    make_world(tmp_path / "disturbed", reviewer=User.objects.create_superuser("reviewer"))
    deaths = {name: kill_at_every_step(name, now=NEW_YEAR, every_step=WHOLE) for name in sorted(JOBS)}
    # The days in between are missed. Then the clock is a day and some hours ahead, behind, and right at last.
    last = NEW_YEAR + (DAYS - 1) * DAY
    for moment in (last - timedelta(hours=2), last - timedelta(hours=4), last + timedelta(minutes=5), last):
        do_all(moment)

    assert found() == undisturbed
    assert all(deaths.values())
    assert not JobRun.objects.exclude(outcome__in=("done", "abandoned")).exists()
    standing = Finding.objects.open().values_list("record", "about", "kind", "fingerprint")
    assert len(standing) == len(set(standing))
    assert Change.objects.filter(act="recur").count() == 1
    digests = Digest.objects.values_list("subscription", "from_seq")
    assert len(digests) == len(set(digests))
    told = {mail["Message-ID"] for mail in smtp.messages}
    assert told == set(Message.objects.filter(state="sent").values_list("message_id", flat=True))
    with capsys.disabled():
        print(f"\n{sum(deaths.values())} processes were killed in {len(deaths)} jobs: {deaths}")
