"""What became of a submission, as its sender may know it."""

from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext as _

from submissions.models import Submission
from tracking.models import FindingState, StatusChange


class State(StrEnum):
    RECEIVED = "received"
    LOOKED_AT = "looked_at"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    OVERTAKEN = "overtaken"


STATES = {
    FindingState.OPEN: State.RECEIVED,
    FindingState.CLAIMED: State.LOOKED_AT,
    FindingState.SNOOZED: State.LOOKED_AT,
    FindingState.ACCEPTED: State.ACCEPTED,
    FindingState.DISMISSED: State.DISMISSED,
    FindingState.LAPSED: State.OVERTAKEN,
}


class Fate(NamedTuple):
    """`answer` is what the desk wrote back, `change` the ref of the status change that came of it."""

    state: State
    sentence: str
    answer: str
    change: str


def fate_of(submission: Submission) -> Fate:
    """Return what became of a submission, in the reader's language. One query."""
    finding = submission.finding
    state = STATES[FindingState(finding.state)]
    change = StatusChange.objects.public().filter(decision__findings=finding).order_by("-pk").first()
    return Fate(state, sentences()[state], finding.dismissed_because, change.ref if change else "")


def sentences() -> dict[State, str]:
    return {
        State.RECEIVED: _("It was received. Nobody has looked at it yet."),
        State.LOOKED_AT: _("Somebody is looking at it."),
        State.ACCEPTED: _("It was taken into account when the status was decided."),
        State.DISMISSED: _("It was answered, and the status stays as it is."),
        State.OVERTAKEN: _("The record was merged into another one. If it still holds, send it again there."),
    }
