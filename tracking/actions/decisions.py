"""The life of a decision until it is approved: prepared, changed, returned, based on what stands now, withdrawn."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from publishing import ledger
from publishing.actions import lock
from publishing.models import Publishable
from tracking.actions.checks import check_decision, check_evidence, check_record
from tracking.actions.errors import (
    DecisionAlreadyApproved,
    DecisionChanged,
    DecisionNotWaiting,
    DecisionWithdrawn,
    NotAllowedToReturn,
    NotAllowedToWithdraw,
    RecordNotPublic,
    ReturnNeedsNote,
    TellingIncomplete,
    WithdrawalNeedsReason,
)
from tracking.models import (
    NEXT_STATES,
    Decision,
    DecisionState,
    Evidence,
    Finding,
    Record,
    StatusChange,
    StatusChangeKind,
)


@transaction.atomic
def prepare_decision(
    *,
    record: Record,
    status: str,
    effective_on: date | None,
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
    publish_not_before: datetime | None = None,
    told_on: date | None = None,
    told_how: str = "",
    decision: Decision | None = None,
    draft: bool = False,
) -> Decision:
    """Write down a status change in preparation and submit it, or keep it as a draft; nothing becomes public.

    `effective_on` is the day (UTC) from which the status holds, `now` and `publish_not_before` are aware moments,
    `based_on` the data version that the person looked at (the present one when left out). `decision` is changed when it
    is given, as long as it is neither approved nor withdrawn; a draft may lack what a submitted decision must have.

    Raises DecisionChanged, DecisionAlreadyApproved, DecisionWithdrawn, RecordNotPublic, EvidenceUnfit,
    TellingIncomplete; and unless it is a draft RecordMovedOn, StatusNotPossible, DayToCome, ReasonMissing,
    EvidenceMissing, SearchNotCited, CorrectionIncomplete, AlreadyCorrected.
    """
    record = lock_record(record.pk, [item.pk for item in evidence])
    if decision is None:
        decision = Decision(record=record, prepared_by=by, prepared_at=now)
        decision.based_on = ledger.head().seq if based_on is None else based_on
    else:
        decision = lock_decision(decision)
        decision.based_on = decision.based_on if based_on is None else based_on
        decision.changed_by, decision.changed_at = by, now
    _step(decision, DecisionState.DRAFT if draft else DecisionState.SUBMITTED)
    decision.record = record
    decision.kind, decision.status, decision.effective_on = kind, status, effective_on
    decision.reason_en, decision.reason_zh = reason_en.strip(), reason_zh.strip()
    decision.supersedes = supersedes
    decision.was_wrong_en, decision.was_wrong_zh = was_wrong_en.strip(), was_wrong_zh.strip()
    decision.publish_not_before, decision.told_on, decision.told_how = publish_not_before, told_on, told_how.strip()
    if bool(told_on) != bool(decision.told_how):
        raise TellingIncomplete()
    if not record.is_public:
        raise RecordNotPublic(ref=record.ref)
    check_evidence(record, evidence)
    if not draft:
        check_record(record, based_on=decision.based_on)
        check_decision(decision, evidence=evidence, now=now)
    decision.save()
    decision.evidence.set(evidence)
    decision.findings.set(findings)
    return decision


@transaction.atomic
def return_decision(*, decision: Decision, note: str, by: User, now: datetime) -> Decision:
    """Send a submitted decision back to who prepared it, saying what is to be changed.

    Raises NotAllowedToReturn, ReturnNeedsNote, DecisionChanged, DecisionAlreadyApproved, DecisionWithdrawn,
    DecisionNotWaiting.
    """
    if not by.has_perm("tracking.approve_decision"):
        raise NotAllowedToReturn()
    if not note.strip():
        raise ReturnNeedsNote()
    decision = lock_decision(decision)
    _step(decision, DecisionState.RETURNED)
    decision.returned_because, decision.returned_by, decision.returned_at = note.strip(), by, now
    decision.save(update_fields=["state", "returned_because", "returned_by", "returned_at"])
    return decision


@transaction.atomic
def withdraw_decision(*, decision: Decision, reason: str, by: User, now: datetime) -> Decision:
    """Close a decision that nobody wants any more, saying why; its findings wait on, and nothing becomes public.

    Who prepared it may, and who may approve decisions. Raises NotAllowedToWithdraw, WithdrawalNeedsReason,
    DecisionChanged, DecisionAlreadyApproved, DecisionWithdrawn.
    """
    if not may_withdraw(decision, by):
        raise NotAllowedToWithdraw()
    if not reason.strip():
        raise WithdrawalNeedsReason()
    decision = lock_decision(decision)
    _step(decision, DecisionState.WITHDRAWN)
    decision.withdrawn_because, decision.withdrawn_by, decision.withdrawn_at = reason.strip(), by, now
    decision.save(update_fields=["state", "withdrawn_because", "withdrawn_by", "withdrawn_at"])
    return decision


def may_withdraw(decision: Decision, by: User) -> bool:
    """Whether somebody may withdraw a decision: as who prepared it, or as one who may approve decisions."""
    own = by.pk == decision.prepared_by_id and by.has_perm("tracking.add_decision")
    return own or by.has_perm("tracking.approve_decision")


@transaction.atomic
def rebase_decision(*, decision: Decision, seen: int) -> Decision:
    """Let a decision stand on what somebody has seen of its record, up to the position `seen`; what it says stays.

    It does not make who does it one who prepared the decision. Raises DecisionAlreadyApproved, DecisionWithdrawn.
    """
    decision = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
    refuse_closed(decision)
    decision.based_on = max(decision.based_on, min(seen, ledger.head().seq))
    decision.save(update_fields=["based_on"])
    return decision


def lock_record(record: int, evidence: Sequence[int]) -> Record:
    """Lock a record, pieces of evidence and the drafts among their sources, in the order in which savers lock them."""
    sources = Evidence.objects.filter(pk__among=evidence).values_list("source", flat=True)
    drafts = Publishable.objects.drafts().filter(pk__among=list(sources)).values_list("pk", flat=True)
    lock([record, *evidence, *drafts])
    return Record.objects.select_for_update(of=("self",)).get(pk=record)


def lock_decision(decision: Decision) -> Decision:
    """Lock a decision and return it as it is now; raise DecisionChanged if it was changed since it was read."""
    stored = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
    if stored.changed_at != decision.changed_at:
        raise DecisionChanged()
    return stored


def refuse_closed(decision: Decision) -> None:
    """Raise DecisionAlreadyApproved or DecisionWithdrawn for a decision that never changes again."""
    if decision.state == DecisionState.APPROVED:
        raise DecisionAlreadyApproved()
    if decision.state == DecisionState.WITHDRAWN:
        raise DecisionWithdrawn()


def _step(decision: Decision, state: DecisionState) -> None:
    refuse_closed(decision)
    if state not in NEXT_STATES[decision.state]:
        raise DecisionNotWaiting(state=decision.get_state_display())
    decision.state = state
