"""Findings are claimed, dismissed, or lapse. None of these touches a status."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from tracking.actions.errors import FindingAlreadyClosed, FindingNeedsReason
from tracking.models import Finding, FindingKind, FindingState, Record


def submit_finding(*, record: Record, seen: dict[str, Any], fingerprint: str, now: datetime) -> Finding:
    """Put before the desk what a reader sent in about a public record. `fingerprint` tells two of them apart."""
    return Finding.objects.create(
        record=record, kind=FindingKind.SUBMITTED, seen=seen, fingerprint=fingerprint, found_at=now
    )


@transaction.atomic
def claim_finding(*, finding: Finding, by: User) -> Finding:
    """Tell colleagues that somebody is looking into an open finding; who claims it last has it.

    Raises FindingAlreadyClosed.
    """
    finding = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    if not finding.is_open:
        raise FindingAlreadyClosed()
    finding.state, finding.claimed_by = FindingState.CLAIMED, by
    finding.save(update_fields=["state", "claimed_by"])
    return finding


@transaction.atomic
def dismiss_finding(*, finding: Finding, reason: str, by: User, now: datetime) -> Finding:
    """Close a finding without touching the record's status. Raises FindingAlreadyClosed, FindingNeedsReason."""
    if not reason.strip():
        raise FindingNeedsReason()
    finding = Finding.objects.select_for_update().get(pk=finding.pk)
    if not finding.is_open:
        raise FindingAlreadyClosed()
    finding.state, finding.dismissed_because = FindingState.DISMISSED, reason.strip()
    finding.closed_by, finding.closed_at = by, now
    finding.save(update_fields=["state", "dismissed_because", "closed_by", "closed_at"])
    return finding


def lapse_findings(*, records: Sequence[int], now: datetime) -> int:
    """Close the open findings about records that have changed; a job finds again what still holds.

    What readers sent in stays: nobody would find it again, and they wait for an answer.
    """
    stale = Finding.objects.open().filter(record__in=records).exclude(kind=FindingKind.SUBMITTED)
    return stale.update(state=FindingState.LAPSED, closed_at=now)
