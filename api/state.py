"""What every public answer of the present follows from beside its address and language: the state of the tracker.

It is asked for with each request, in one look at the database, so no answer outlives a commit or a threshold in time.
"""

from datetime import UTC, date, datetime
from typing import NamedTuple

from django.db import connections
from psycopg import sql

from tracking.models import DUE_SOON
from tracking.statuses import OPEN_STATUSES

# The last position, and two look-ups in the index of open records by their moment (`record_open_overdue`).
QUESTION = (
    sql.SQL(
        "SELECT seq, hash,"
        " (SELECT max(overdue_from) FROM tracking_record WHERE status IN ({open}) AND overdue_from <= %(now)s),"
        " (SELECT max(overdue_from) FROM tracking_record WHERE status IN ({open}) AND overdue_from <= %(soon)s)"
        " FROM publishing_ledgerentry ORDER BY seq DESC LIMIT 1"
    )
    .format(open=sql.SQL(", ").join(map(sql.Literal, OPEN_STATUSES)))
    .as_string()
)


class State(NamedTuple):
    """The data version and the hash of its position, the day, and the last moments at which a record turned.

    `passed` is the last one at which one became overdue, `neared` the deadline of the last one that became due soon.
    """

    version: int
    hash: str
    day: date
    passed: datetime | None
    neared: datetime | None


def state(*, now: datetime, using: str) -> State:
    """Return the state of a database at an aware moment. One query."""
    with connections[using].cursor() as cursor:
        cursor.execute(QUESTION, {"now": now, "soon": now + DUE_SOON})
        version, position, passed, neared = cursor.fetchone() or (0, "", None, None)
    return State(version, position, now.astimezone(UTC).date(), passed, neared)
