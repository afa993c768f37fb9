"""The life of a decision, and `approve_decision`, the only way to a status."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from django.db import transaction

from accounts.models import User
from publishing import ledger
from publishing.actions import publish
from publishing.models import Act, Publishable
from publishing.refs import free_ref
from tracking.actions.errors import (
    AlreadyCorrected,
    CorrectionIncomplete,
    DayToCome,
    DecisionAlreadyApproved,
    EvidenceMissing,
    EvidenceUnfit,
    NotAllowedToApprove,
    ReasonMissing,
    RecordMovedOn,
    RecordNotPublic,
    SearchNotCited,
    StatusNotPossible,
)
from tracking.actions.findings import lapse_findings
from tracking.models import (
    Decision,
    DecisionState,
    Evidence,
    Finding,
    FindingState,
    Record,
    Stance,
    StatusChange,
    StatusChangeKind,
)
from tracking.statuses import STATUSES


def prepare_decision(
    *,
    record: Record,
    status: str,
    effective_on: date,
    evidence: Sequence[Evidence],
    by: User,
    now: datetime,
    reason_en: str = "",
    reason_zh: str = "",
    kind: str = StatusChangeKind.ASSESSMENT,
    supersedes: StatusChange | None = None,
    was_wrong_en: str = "",
    was_wrong_zh: str = "",
    findings: Iterable[Finding] = (),
    based_on: int | None = None,
) -> Decision:
    """Write down a status change in preparation; nothing becomes public.

    `effective_on` is the day (UTC) from which the status holds, `now` an aware moment, `based_on` the data version that
    the person looked at (the present one when left out).

    Raises RecordNotPublic, RecordMovedOn, StatusNotPossible, DayToCome, ReasonMissing, EvidenceMissing, EvidenceUnfit,
    SearchNotCited, CorrectionIncomplete, AlreadyCorrected.
    """
    with transaction.atomic():
        record = Record.objects.select_for_update(of=("self",)).get(pk=record.pk)
        _check_record(record, based_on)
        _check_status(record, status, effective_on, evidence, now)
        if not (reason_en.strip() or reason_zh.strip()):
            raise ReasonMissing(ref=record.ref)
        _check_correction(record, kind, supersedes, was_wrong_en + was_wrong_zh)
        decision = Decision.objects.create(
            record=record,
            kind=kind,
            status=status,
            effective_on=effective_on,
            reason_en=reason_en.strip(),
            reason_zh=reason_zh.strip(),
            was_wrong_en=was_wrong_en.strip(),
            was_wrong_zh=was_wrong_zh.strip(),
            supersedes=supersedes,
            based_on=ledger.head().seq if based_on is None else based_on,
            state=DecisionState.SUBMITTED,
            prepared_by=by,
            prepared_at=now,
        )
        decision.evidence.set(evidence)
        decision.findings.set(findings)
    return decision


def approve_decision(*, decision: Decision, by: User, now: datetime) -> StatusChange:
    """Publish a prepared status change, in one transaction with everything that follows from it.

    Drafts among its evidence, and among the sources of that, become public with it. Its findings are accepted; other
    open findings about the record lapse, because it has changed.

    Raises NotAllowedToApprove, DecisionAlreadyApproved, and what `prepare_decision` raises.
    """
    if not by.has_perm("tracking.approve_decision"):
        raise NotAllowedToApprove()
    with transaction.atomic():
        record = Record.objects.select_for_update(of=("self",)).get(pk=decision.record_id)
        decision = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
        if decision.state == DecisionState.APPROVED:
            raise DecisionAlreadyApproved()
        evidence = list(decision.evidence.all())
        _check_record(record, decision.based_on)
        _check_status(record, decision.status, decision.effective_on, evidence, now)
        _check_correction(record, decision.kind, decision.supersedes, decision.was_wrong_en + decision.was_wrong_zh)
        acts: dict[str, Act] = {StatusChangeKind.CORRECTION: Act.CORRECT, StatusChangeKind.REVISION: Act.REVISE_METHOD}
        change = StatusChange(
            ref=free_ref(f"chg.{record.ref}.{decision.effective_on.isoformat()}"),
            resource="status-changes",
            record=record,
            kind=decision.kind,
            status=decision.status,
            effective_on=decision.effective_on,
            reason_en=decision.reason_en,
            reason_zh=decision.reason_zh,
            was_wrong_en=decision.was_wrong_en,
            was_wrong_zh=decision.was_wrong_zh,
            supersedes=decision.supersedes,
        )
        change.save()
        change.evidence.set(evidence)
        with ledger.appending(act=acts.get(decision.kind, Act.DECIDE), by=by) as current:
            publish(things=[*_draft_sources(evidence), *(item.pk for item in evidence)], by=by, under=current)
            publish(things=[change.pk], by=by, under=current)
        change.refresh_from_db()
        decision.state = DecisionState.APPROVED
        decision.approved_by, decision.approved_at, decision.status_change = by, now, change
        decision.save(update_fields=["state", "approved_by", "approved_at", "status_change"])
        Finding.objects.open().filter(pk__in=decision.findings.values("pk")).update(
            state=FindingState.ACCEPTED, closed_by=by, closed_at=now
        )
        lapse_findings(records=[record.pk], now=now)
    return change


def last_position_of(record: Record) -> int:
    """Return the last ledger position that touched a record: its own document or one of its status changes."""
    refs = [record.ref, *record.status_changes.values_list("ref", flat=True)]
    last = ledger.LedgerEntry.objects.filter(ref__in=refs).order_by("-seq").values_list("seq", flat=True).first()
    return last or 0


def _draft_sources(evidence: Sequence[Evidence]) -> list[int]:
    drafts = {item.source_id for item in evidence}
    return list(Publishable.objects.drafts().filter(pk__in=drafts).order_by("pk").values_list("pk", flat=True))


def _check_record(record: Record, based_on: int | None) -> None:
    if not record.is_public:
        raise RecordNotPublic(ref=record.ref)
    last = last_position_of(record)
    if based_on is not None and last > based_on:
        raise RecordMovedOn(ref=record.ref, now=last, then=based_on)


def _check_status(record: Record, status: str, effective_on: date, evidence: Sequence[Evidence], now: datetime) -> None:
    if status not in [possible.code for possible in record.possible_statuses]:
        raise StatusNotPossible(status=status, ref=record.ref)
    if effective_on > now.astimezone(UTC).date():
        raise DayToCome(day=effective_on.isoformat())
    if not evidence:
        raise EvidenceMissing(ref=record.ref)
    for item in evidence:
        if item.record_id != record.pk:
            raise EvidenceUnfit(evidence=item.ref)
    if STATUSES[status].searched and all(item.stance != Stance.CONTEXT for item in evidence):
        raise SearchNotCited(status=STATUSES[status].label)


def _check_correction(record: Record, kind: str, supersedes: StatusChange | None, was_wrong: str) -> None:
    if kind != StatusChangeKind.CORRECTION:
        if supersedes is not None:
            raise CorrectionIncomplete(ref=record.ref)
        return
    if supersedes is None or supersedes.record_id != record.pk or not was_wrong.strip():
        raise CorrectionIncomplete(ref=record.ref)
    if StatusChange.objects.filter(supersedes=supersedes).exists():
        raise AlreadyCorrected(ref=supersedes.ref)
