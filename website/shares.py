"""How many records have which status, always with the share that nobody has assessed."""

from collections.abc import Mapping
from dataclasses import dataclass

from tracking.statuses import NOT_ASSESSED, Status, statuses_of


@dataclass(frozen=True)
class Part:
    """The records of one status: `start` and `width` place it on a bar, in percent of all as text without a unit."""

    status: Status
    count: int
    start: str
    width: str


@dataclass(frozen=True)
class Shares:
    """The records of one kind by status; `percent_not_assessed` is 0 or 100 only when none or all are not assessed."""

    resource: str
    total: int
    not_assessed: int
    percent_not_assessed: int
    parts: list[Part]

    @property
    def assessed(self) -> int:
        return self.total - self.not_assessed


def shares_of(resource: str, counts: Mapping[str, int]) -> Shares:
    """Arrange {status: count} of one kind of record in the order of the statuses, not_assessed last."""
    total = sum(counts.values())
    not_assessed = counts.get(NOT_ASSESSED, 0)
    first, *others = statuses_of(resource)
    parts, passed = [], 0
    for status in (*others, first):
        if count := counts.get(status.code, 0):
            parts.append(Part(status, count, f"{100 * passed / total:.3f}", f"{100 * count / total:.3f}"))
            passed += count
    return Shares(resource, total, not_assessed, _percent(not_assessed, total), parts)


def _percent(count: int, total: int) -> int:
    """Round to a whole percent; what is neither none nor all is never shown as 0 or 100."""
    if not count or count == total:
        return 100 if count else 0
    return min(99, max(1, round(100 * count / total)))
