"""What the start page tells: how many records stand where, what changed last, and which days come or have passed."""

from datetime import datetime, timedelta
from typing import Any

from commitments.models import Instrument
from commitments.resources import InstrumentResource
from mechanisms.models import Proposal
from mechanisms.resources import ProposalResource
from publishing import reading
from publishing.models import PublicationState
from publishing.reading import Answer
from publishing.resource import Asked
from tracking.models import Record, StatusChange
from tracking.resources import StatusChangeResource
from tracking.statuses import NOT_ASSESSED, OPEN_STATUSES
from website import listing
from website.shares import Shares, shares_of

# The instrument that opens the way into the proposals; without it the page has no such section.
OPENING = "talk-2026-04-30"
COMING = timedelta(days=60)
AT_MOST = 8
# Among so many of the newest positions the latest changes are looked for, so that their number never slows the page.
NEWEST = 500


def shares() -> list[Shares]:
    """Return pledges, mechanisms and proposals by status. One query."""
    counts = listing.status_counts(listing.counted(Record.objects.public()))
    return [shares_of(resource, by_status) for resource, by_status in counts.items()]


def latest_changes(asked: Asked) -> list[Answer]:
    """Return the status changes that were published last, each with the `record`'s entry and the status `before`.

    Those of one act are in the order of the days from which they hold, the latest first.
    """
    newest = StatusChange.objects.filter(state=PublicationState.PUBLISHED, seq__isnull=False).order_by("-seq")[:NEWEST]
    rows = (
        StatusChange.objects.filter(pk__in=newest.values("pk"))
        .order_by("-first_version", "-effective_on", "-seq")
        .values_list("pk", "record")[:AT_MOST]
    )
    keys = [key for key, _record in rows]
    records = list(dict.fromkeys(record for _key, record in rows))
    entries = {entry["ref"]: entry for entry in listing.entries(records, asked)}
    before: dict[int, str] = {}
    held: dict[int, str] = {}
    for key, record, status in (
        StatusChange.objects.filter(record__in=records, seq__isnull=False)
        .order_by("seq")
        .values_list("pk", "record", "status")
    ):
        before[key] = held.get(record, NOT_ASSESSED)
        held[record] = status
    placed = reading.positions(keys, version=asked.version)
    by_ref = {change["ref"]: change for change in reading.present(StatusChangeResource, keys, asked)}
    refs = dict(StatusChange.objects.filter(pk__in=keys).values_list("pk", "ref"))
    changes = [(key, by_ref[refs[key]]) for key in keys if refs[key] in by_ref]
    return [
        change | {"record": entries[change["record"]], "before": before[key], "ledger": placed[key]}
        for key, change in changes
        if change["record"] in entries
    ]


def deadlines(asked: Asked, *, now: datetime) -> dict[str, Any]:
    """Return the records that are due next and those whose day has passed, with how many there are of each."""
    records = Record.objects.public()
    coming = records.filter(overdue_from__gt=now, overdue_from__lte=now + COMING, status__in=OPEN_STATUSES)
    passed = records.overdue(now=now)
    shown_coming = list(coming.order_by("overdue_from", "ref").values_list("pk", flat=True)[:AT_MOST])
    shown_passed = list(passed.order_by("-overdue_from", "ref").values_list("pk", flat=True)[:AT_MOST])
    entries = {entry["ref"]: entry for entry in listing.entries([*shown_coming, *shown_passed], asked)}
    refs = dict(records.filter(pk__in=[*shown_coming, *shown_passed]).values_list("pk", "ref"))
    return {
        "coming": [entries[refs[key]] for key in shown_coming if refs[key] in entries],
        "coming_count": coming.count(),
        "passed": [entries[refs[key]] for key in shown_passed if refs[key] in entries],
        "passed_count": passed.count(),
    }


def opening(asked: Asked) -> dict[str, Any] | None:
    """Return the instrument that opens the proposals, and its `proposals`, each with its `parts`; None without it."""
    key = Instrument.objects.public().filter(ref=OPENING).values_list("pk", flat=True).first()
    instruments = reading.present(InstrumentResource, [key] if key else [], asked)
    if not instruments:
        return None
    keys = Proposal.objects.public().filter(instrument=key).order_by("pk").values_list("pk", flat=True)
    proposals = reading.present(ProposalResource, list(keys), asked)
    return {
        "instrument": instruments[0],
        "proposals": [
            proposal | {"parts": [part for part in proposals if part["parent"] == proposal["ref"]]}
            for proposal in proposals
            if not proposal["parent"]
        ],
    }
