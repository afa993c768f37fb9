"""The ways of noticing that a deadline has passed or is near. They write findings, never statuses."""

from datetime import datetime

from tracking.models import FindingKind, Record, RecordQuerySet
from tracking.noticing import Noticed, day, lapse_findings_unless, moment, write_findings
from tracking.statuses import OPEN_STATUSES


def find_passed_deadlines(*, now: datetime) -> int:
    """Write a finding for each public record whose deadline has passed by `now` (aware), its status leaving it open.

    Findings about deadlines that were moved or settled lapse. Returns how many are new. Two statements, however many
    records there are.
    """
    kind = FindingKind.DEADLINE_PASSED
    found = write_findings(kind=kind, noticed=_deadlines(_still_asked().overdue(now=now)), now=now)
    lapse_findings_unless(kind=kind, stands=_deadlines(_still_asked()), now=now)
    return found


def find_due_soon(*, now: datetime) -> int:
    """Write a finding for each public record that will be overdue within 30 days from `now` (aware).

    Findings about deadlines that have passed, were moved or settled lapse. Returns how many are new. Two statements,
    however many records there are.
    """
    kind = FindingKind.DUE_SOON
    found = write_findings(kind=kind, noticed=_deadlines(_still_asked().due_soon(now=now)), now=now)
    lapse_findings_unless(kind=kind, stands=_deadlines(_still_asked().filter(overdue_from__gt=now)), now=now)
    return found


def _still_asked() -> RecordQuerySet:
    """Records with a deadline that still asks something of somebody."""
    return Record.objects.public().under_review().filter(status__in=OPEN_STATUSES, due_on__isnull=False)


def _deadlines(records: RecordQuerySet) -> Noticed:
    # A deadline that was moved is another matter.
    return Noticed.among(
        records,
        fingerprint=day("due_on"),
        due_on=day("due_on"),
        overdue_from=moment("overdue_from"),
        status="status",
        title_en="title_en",
        title_zh="title_zh",
    )
