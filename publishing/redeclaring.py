"""After a release that publishes other fields than the one before: a revision of every document that this concerns."""

from accounts.models import User
from publishing.actions import publish
from publishing.models import Act
from publishing.verifying import Broken, public_rows


class ChangedBehindTheLedger(Exception):
    """A field that the document has differs from its row: that is no change of the declaration."""

    def __init__(self, broken: Broken):
        super().__init__(str(broken))
        self.broken = broken


def redeclare(*, by: User | None) -> int:
    """Publish every public thing anew whose document has other fields than are declared now, as one change.

    Returns how many there were; nothing is written when there were none. Reads all public rows once.
    Raises ChangedBehindTheLedger, and writes nothing, when a row differs in a field that its document has.
    """
    concerned = []
    for row in public_rows():
        if row.rebuilt == row.standing:
            continue
        if row.rebuilt is None or any(
            row.rebuilt[name] != value for name, value in row.standing.items() if name in row.rebuilt
        ):
            raise ChangedBehindTheLedger(row.broken())
        concerned.append(row.key)
    if concerned:
        publish(things=concerned, by=by, act=Act.REDECLARE)
    return len(concerned)
