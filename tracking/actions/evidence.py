"""Evidence that was never public may be deleted; what a public status stands on stays as long as the status."""

from collections.abc import Sequence

from django.db import connection, transaction

from publishing.models import PublicationState
from tracking.actions.errors import EvidenceCited, EvidenceInUse, StatusChangeStays
from tracking.models import Evidence, StatusChange


@transaction.atomic
def delete_draft_evidence(*, evidence: Evidence) -> None:
    """Delete evidence that was never public and that no decision cites.

    Row by row, because Django's own way would also touch the links of status changes, which the role may not.

    Raises EvidenceInUse.
    """
    evidence = Evidence.objects.select_for_update(of=("self",)).get(pk=evidence.pk)
    if evidence.state != PublicationState.DRAFT or evidence.decisions.exists():
        raise EvidenceInUse(evidence=evidence.ref)
    evidence.sources.clear()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracking_evidence WHERE publishable_ptr_id = %s", [evidence.pk])
        cursor.execute("DELETE FROM publishing_publishable WHERE id = %s", [evidence.pk])


def refuse_unpublishing_evidence(*, evidence: Sequence[int], gone: Sequence[int]) -> None:
    """Raise EvidenceCited if a public status change that does not go with them stands on one of these."""
    citing = StatusChange.objects.public().filter(evidence__in=evidence).exclude(pk__in=gone).order_by("pk").first()
    if citing:
        raise EvidenceCited(ref=citing.ref)


def refuse_unpublishing_changes(*, changes: Sequence[int], gone: Sequence[int]) -> None:
    """Raise StatusChangeStays unless the record of each status change goes with it."""
    kept = StatusChange.objects.filter(pk__among=changes).exclude(record__in=gone).order_by("pk").first()
    if kept:
        raise StatusChangeStays(ref=kept.ref)
