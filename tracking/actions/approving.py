"""Approving a decision: the only way to a status, beside the import of what was published elsewhere."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.conf import settings
from django.db import transaction

from accounts.models import User
from publishing import ledger
from publishing.actions import publish
from publishing.models import Act, Publishable
from publishing.refs import free_ref
from tracking.actions.checks import check_decision, check_record
from tracking.actions.decisions import lock_decision, lock_record, refuse_closed
from tracking.actions.errors import (
    DecisionNotWaiting,
    NotAllowedToApprove,
    NotBefore,
    SecondPersonNeeded,
)
from tracking.actions.findings import lapse_findings
from tracking.models import (
    Decision,
    DecisionState,
    Evidence,
    Finding,
    FindingState,
    StatusChange,
    StatusChangeKind,
)

ACTS: dict[str, Act] = {StatusChangeKind.CORRECTION: Act.CORRECT, StatusChangeKind.REVISION: Act.REVISE_METHOD}


@transaction.atomic
def approve_decision(*, decision: Decision, by: User, now: datetime) -> StatusChange:
    """Publish a submitted status change, in one transaction with everything that follows from it.

    Drafts among its evidence, and among the sources of that, become public with it. Its findings are accepted; other
    open findings about the record lapse, because it has changed.

    Raises NotAllowedToApprove, SecondPersonNeeded, NotBefore, DecisionChanged, DecisionAlreadyApproved,
    DecisionWithdrawn, DecisionNotWaiting, and what `prepare_decision` raises.
    """
    if not by.has_perm("tracking.approve_decision"):
        raise NotAllowedToApprove()
    record = lock_record(decision.record_id, list(decision.evidence.values_list("pk", flat=True)))
    decision = lock_decision(decision)
    refuse_closed(decision)
    if decision.state != DecisionState.SUBMITTED:
        raise DecisionNotWaiting(state=decision.get_state_display())
    if needs_second_person(decision, by):
        raise SecondPersonNeeded()
    if decision.publish_not_before is not None and now < decision.publish_not_before:
        raise NotBefore(moment=decision.publish_not_before.astimezone(UTC).strftime("%Y-%m-%d %H:%M"))
    decision.record = record
    evidence = list(decision.evidence.order_by("pk"))
    check_record(record, based_on=decision.based_on)
    day = check_decision(decision, evidence=evidence, now=now)
    change = _publish(decision, day, evidence, by)
    decision.state = DecisionState.APPROVED
    decision.approved_by, decision.approved_at, decision.status_change = by, now, change
    decision.save(update_fields=["state", "approved_by", "approved_at", "status_change"])
    Finding.objects.open().filter(pk__in=decision.findings.values("pk")).update(
        state=FindingState.ACCEPTED, closed_by=by, closed_at=now
    )
    lapse_findings(records=[record.pk], now=now)
    return change


def needs_second_person(decision: Decision, by: User) -> bool:
    """Whether the two-person rule keeps somebody from approving: they prepared the decision or changed it last."""
    return settings.TWO_PERSON_RULE and by.pk in (decision.prepared_by_id, decision.changed_by_id)


def _publish(decision: Decision, day: date, evidence: Sequence[Evidence], by: User) -> StatusChange:
    change = StatusChange(
        ref=free_ref(f"chg.{decision.record.ref}.{day.isoformat()}"),
        resource="status-changes",
        record=decision.record,
        kind=decision.kind,
        status=decision.status,
        effective_on=day,
        reason_en=decision.reason_en,
        reason_zh=decision.reason_zh,
        was_wrong_en=decision.was_wrong_en,
        was_wrong_zh=decision.was_wrong_zh,
        supersedes=decision.supersedes,
    )
    change.save()
    change.evidence.set(evidence)
    sources = [item.source_id for item in evidence]
    drafts = Publishable.objects.drafts().filter(pk__in=sources).order_by("pk").values_list("pk", flat=True)
    with ledger.appending(act=ACTS.get(decision.kind, Act.DECIDE), by=by) as current:
        publish(things=[*drafts, *(item.pk for item in evidence)], by=by, under=current)
        publish(things=[change.pk], by=by, under=current)
    change.refresh_from_db()
    return change
