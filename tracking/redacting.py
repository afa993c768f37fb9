"""What else holds the texts of a status change: the decision that it came from."""

from collections.abc import Mapping

from publishing.redacting import follows_redactions, take_out_of_edits
from tracking.models import Decision


@follows_redactions
def take_out_of_decision(thing: int, texts: Mapping[str, str]) -> None:
    """Replace texts (by column) in the decision that a status change came from, and in its edit history."""
    decision = Decision.objects.filter(status_change=thing).first()
    if decision is not None:
        Decision.objects.filter(pk=decision.pk).update(**texts)
        take_out_of_edits(Decision, decision.pk, texts)
