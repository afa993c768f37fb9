"""What a decision will show in public, worked out before it does."""

from dataclasses import dataclass
from datetime import date

from tracking.models import Decision, Evidence, StatusChange
from tracking.spans import Published, timeline
from tracking.statuses import STATUSES, Status

# Beyond every position and version: the decision would be written last.
LAST = 2**62
THIS = 0


@dataclass(frozen=True)
class Preview:
    """The record's status before and after, the change itself, and the evidence that it cites."""

    decision: Decision
    before: Status
    before_since: date | None
    stated: Status
    after: Status
    after_since: date
    evidence: list[Evidence]
    drafts: int

    @property
    def becomes_current(self) -> bool:
        """Whether the change decides what holds today; one for an earlier time may not."""
        return (self.after.code, self.after_since) == (self.stated.code, self.decision.effective_on)


def preview_of(decision: Decision) -> Preview | None:
    """Return what the public would see after this decision; None for a draft without a status or its day.

    Three queries; nothing is written.
    """
    if not decision.status or decision.effective_on is None:
        return None
    record = decision.record
    published = [
        Published(change.pk, change.status, change.effective_on, change.seq, LAST, change.supersedes_id)
        for change in StatusChange.objects.filter(record=record, seq__isnull=False)
        if change.seq is not None
    ]
    this = Published(THIS, decision.status, decision.effective_on, LAST, LAST, decision.supersedes_id)
    _change, after, since, _until = timeline([*published, this])[-1]
    evidence = list(decision.evidence.select_related("source").order_by("-observed_on", "ref"))
    new_sources = {item.source_id for item in evidence if not item.source.is_public}
    return Preview(
        decision=decision,
        before=record.status_definition,
        before_since=record.status_since,
        stated=STATUSES[decision.status],
        after=STATUSES[after],
        after_since=since,
        evidence=evidence,
        drafts=sum(not item.is_public for item in evidence) + len(new_sources),
    )
