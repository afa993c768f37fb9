"""A world in which every job has something to find or to do."""

from datetime import date
from pathlib import Path
from typing import Any

from django.utils import timezone

from accounts.models import User
from submissions.actions import send_in
from subscriptions.actions import confirm_subscription, request_subscription, unsubscribe
from tests.commitments.world import both, commitment, decide, evidence, load, records
from tracking.models import Finding, Record


def make_world(folder: Path, *, reviewer: User) -> None:
    """Publish it, with deadlines from the end of 2090. A reader sends something in; two subscribe, and one leaves."""
    load(folder / "world", records(2090))
    monthly = {"kind": "recurring", "date": "2026-10-31", "every": "P1M"}
    series = {
        "ref": "series",
        "kind": "summit_series",
        **both("title", "The series", "峰会"),
        **both("summary", "It meets.", "开会。"),
        "sources": ["src-report"],
    }
    summit = {"ref": "evt-series", "mechanism": "series", **both("title", "The summit", "会议"), "state": "scheduled"}
    lonely = records(2090)["sources"][0] | {"ref": "src-lonely", "url": "https://acme.example/lonely"}
    promise = commitment("accord.monthly", ("Report each month", "每月报告"), ["labour"], ["bolt"], monthly)
    events = [summit | {"starts_on": "2090-12-29", "ends_on": "2091-01-02", "sources": ["src-report"]}]
    load(
        folder / "more",
        {"sources": [lonely], "commitments": [promise], "mechanisms": [series], "events": events},
    )
    decide("accord.report.acme", "in_progress", on=date(2026, 11, 20), by=reviewer)
    against = evidence("evd-against", "accord.report.acme") | {"stance": "contradicts", "observed_on": "2026-11-22"}
    reworded = evidence("evd-bolt", "accord.report.bolt") | {"shows_en": "The report is gone."}
    load(folder / "news", {"evidence": [against, reworded]})
    now = timezone.now()
    words = {"kind": "evidence", "text": "It was in the paper.", "url": "", "email": "", "language": "en"}
    send_in(record=Record.objects.get(ref="accord.report.bolt"), **words, now=now)
    for address in ("ada@example.org", "bo@example.org"):
        wish = request_subscription(
            email=address, follows=[], frequency="daily", language="en", time_zone="UTC", now=now
        )
        subscription = confirm_subscription(subscription=wish, now=now)
    unsubscribe(subscription=subscription, now=now)


def findings_that_stand() -> list[Any]:
    """Return what stands open, by kind and what it is about; a review's fingerprint is the real time of its world."""
    standing = Finding.objects.open().select_related("record", "about")
    return sorted(
        (finding.kind, finding.subject.ref, "" if finding.kind == "not_reviewed" else _unkeyed(finding))
        for finding in standing
    )


def _unkeyed(finding: Finding) -> str:
    """Return a fingerprint without the database's keys and positions, which differ from world to world."""
    return " ".join(word for word in finding.fingerprint.split() if not word.isdigit())


def published_records() -> list[str]:
    return sorted(Record.objects.public().values_list("ref", flat=True))
