"""Noticing that jobs are not done, from another process than the one that should do them."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from jobs.health import LastCompleted, last_completed
from jobs.models import Incident

# Any fixed number will do: of all processes that look at the same moment, one writes.
LOOKING = 0x696E636964656E74
# Jobs that stop together are late one after the other: what will be late so soon is told in the same mail.
TOGETHER = timedelta(minutes=1)


@transaction.atomic
def note_incidents(*, now: datetime, up_since: datetime) -> list[Incident]:
    """Open an incident for each job that is late or failing by `now` (aware) and has none, and return the new ones.

    Those of jobs that are well again, or are gone, are closed. `up_since` is when the asking process started. Whoever
    looks while somebody else does gets nothing. Two queries when all is well.
    """
    states = _states(now, up_since)
    unwell = {name: state for name, state in states.items() if state.late or state.failing}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOOKING])
        (alone,) = cursor.fetchone()
    if not alone:
        return []
    standing = {incident.job: incident for incident in Incident.objects.open()}
    over = [incident.pk for name, incident in standing.items() if _is_over(incident, states.get(name))]
    Incident.objects.filter(pk__in=over).update(closed_at=now)
    if unwell.keys() - standing.keys():
        unwell |= {name: state for name, state in _states(now + TOGETHER, up_since).items() if state.late}
    return Incident.objects.bulk_create(
        Incident(
            job=name,
            failing=not state.late,
            error=state.error,
            completed_at=state.completed_at,
            opened_at=now,
        )
        for name, state in unwell.items()
        if name not in standing
    )


def _states(now: datetime, up_since: datetime) -> dict[str, LastCompleted]:
    return {state.job: state for state in last_completed(now=now, up_since=up_since)}


def _is_over(incident: Incident, state: LastCompleted | None) -> bool:
    """Whether the job is gone, or was completed since. That it is not late so soon after a start says nothing."""
    return state is None or state.completed_at is not None and state.completed_at > incident.opened_at
