"""The verbs of tracking. A status comes from `approve_decision` (or the import of published status changes) only."""

from tracking.actions.approving import approve_decision, needs_second_person
from tracking.actions.decisions import (
    may_withdraw,
    prepare_decision,
    rebase_decision,
    return_decision,
    withdraw_decision,
)
from tracking.actions.evidence import delete_draft_evidence, refuse_unpublishing_changes, refuse_unpublishing_evidence
from tracking.actions.findings import claim_finding, dismiss_finding, lapse_findings, submit_finding

__all__ = [
    "approve_decision",
    "claim_finding",
    "delete_draft_evidence",
    "dismiss_finding",
    "lapse_findings",
    "may_withdraw",
    "needs_second_person",
    "prepare_decision",
    "rebase_decision",
    "refuse_unpublishing_changes",
    "refuse_unpublishing_evidence",
    "return_decision",
    "submit_finding",
    "withdraw_decision",
]
