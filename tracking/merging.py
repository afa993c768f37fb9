"""What becomes of the statuses, findings and decisions of a record that is merged into another one."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from publishing.merging import follows_mergers
from publishing.moving import ALL, staying
from tracking.derivation import refresh_contested
from tracking.models import Decision, DecisionState, Finding, FindingState, Record, StatusChange, StatusSpan

# A status is a claim about what it was decided for, so a merger moves none: a record that stays keeps its own.
# Findings are about what was looked at. Decisions in preparation move, and are overtaken by the merger.
staying.update(
    {
        f"{StatusChange._meta.label}.record": ALL,
        f"{StatusSpan._meta.label}.record": ALL,
        f"{Finding._meta.label}.record": ALL,
        f"{Finding._meta.label}.about": ALL,
        f"{Decision._meta.label}.record": Q(state=DecisionState.APPROVED),
    }
)


@follows_mergers
def follow_merger(things: Sequence[int], now: datetime) -> None:
    """Let open findings about these things lapse, since they have changed, and see whether records are contested."""
    Finding.objects.open().filter(Q(record__in=things) | Q(about__in=things)).update(
        state=FindingState.LAPSED, closed_at=now
    )
    refresh_contested(records=list(Record.objects.filter(pk__in=things).values_list("pk", flat=True)))
