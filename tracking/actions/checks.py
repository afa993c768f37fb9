"""What a decision has to meet, asked when it is submitted and once more when it is approved."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from publishing.models import LedgerEntry
from tracking.actions.errors import (
    AlreadyCorrected,
    CorrectionIncomplete,
    DayToCome,
    EvidenceMissing,
    EvidenceUnfit,
    ReasonMissing,
    RecordMovedOn,
    RecordNotPublic,
    SearchNotCited,
    StatusNotPossible,
)
from tracking.models import Decision, Evidence, Record, Stance, StatusChange, StatusChangeKind
from tracking.statuses import STATUSES


def check_record(record: Record, *, based_on: int) -> None:
    """Raise RecordNotPublic, or RecordMovedOn when it has changed since the position `based_on`."""
    if not record.is_public:
        raise RecordNotPublic(ref=record.ref)
    last = _last_position_of(record)
    if last > based_on:
        raise RecordMovedOn(ref=record.ref, now=last, then=based_on)


def check_decision(decision: Decision, *, evidence: Sequence[Evidence], now: datetime) -> date:
    """Raise what a decision lacks before it can be submitted: see the errors of `prepare_decision`.

    Returns the day from which its status holds, which only drafts may lack.
    """
    record = decision.record
    day = _check_status(record, decision.status, decision.effective_on, now)
    check_evidence(record, evidence)
    if not evidence:
        raise EvidenceMissing(ref=record.ref)
    if STATUSES[decision.status].searched and all(item.stance != Stance.CONTEXT for item in evidence):
        raise SearchNotCited(status=STATUSES[decision.status].label)
    if not (decision.reason_en or decision.reason_zh):
        raise ReasonMissing(ref=record.ref)
    _check_correction(decision)
    return day


def check_evidence(record: Record, evidence: Sequence[Evidence]) -> None:
    """Raise EvidenceUnfit for evidence about another record."""
    for item in evidence:
        if item.record_id != record.pk:
            raise EvidenceUnfit(evidence=item.ref)


def _last_position_of(record: Record) -> int:
    """Return the last ledger position that touched a record: its own document or one of its status changes."""
    refs = [record.ref, *record.status_changes.values_list("ref", flat=True)]
    last = LedgerEntry.objects.filter(ref__in=refs).order_by("-seq").values_list("seq", flat=True).first()
    return last or 0


def _check_status(record: Record, status: str, effective_on: date | None, now: datetime) -> date:
    if effective_on is None or status not in [possible.code for possible in record.possible_statuses]:
        raise StatusNotPossible(status=status, ref=record.ref)
    if effective_on > now.astimezone(UTC).date():
        raise DayToCome(day=effective_on.isoformat())
    return effective_on


def _check_correction(decision: Decision) -> None:
    supersedes = decision.supersedes
    if decision.kind != StatusChangeKind.CORRECTION:
        if supersedes is not None:
            raise CorrectionIncomplete(ref=decision.record.ref)
        return
    said = decision.was_wrong_en or decision.was_wrong_zh
    if supersedes is None or supersedes.record_id != decision.record_id or not said:
        raise CorrectionIncomplete(ref=decision.record.ref)
    if StatusChange.objects.filter(supersedes=supersedes).exists():
        raise AlreadyCorrected(ref=supersedes.ref)
