"""What verification checks about statuses: that the derived columns are those that the status changes give."""

from collections.abc import Iterator

from django.db.models import F, Min, Q
from django.utils.translation import gettext as _

from publishing.verifying import CHUNK, Broken, also_verify
from tracking.derivation import spans_by_record
from tracking.models import Record, Response, StatusChange, StatusSpan
from tracking.spans import Span
from tracking.statuses import NOT_ASSESSED

# What Span holds, in its order.
SPAN = (
    "change",
    "status",
    "valid__startswith",
    "valid__endswith",
    "known__startswith",
    "known__endswith",
)


@also_verify
def verify_statuses() -> Iterator[Broken]:
    """Rebuild positions, spans and current statuses of all records from the ledger, and yield what differs."""
    placed = StatusChange.objects.annotate(
        position=Min("documents__entry"), version=Min("documents__entry__change__first_seq")
    )
    for ref in (
        placed.filter(Q(position=None) | ~Q(position=F("seq")) | ~Q(version=F("first_version")))
        .order_by("seq")
        .values_list("ref", flat=True)
    ):
        yield Broken(ref, _("it does not stand at the position that the ledger gives it"))
    disputed = Record.objects.filter(pk__in=Response.objects.public().filter(disputes=True).values("record"))
    for record in disputed.filter(contested=False).union(
        Record.objects.filter(contested=True).exclude(pk__in=disputed.values("pk"))
    ):
        yield Broken(record.ref, _("whether it is contested does not follow from the responses"))
    last = 0
    while records := list(
        Record.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "ref", "status", "status_since")[:CHUNK]
    ):
        last = records[-1][0]
        keys = [key for key, *_rest in records]
        wanted = spans_by_record(keys)
        found: dict[int, list[Span]] = {key: [] for key in keys}
        for record, *values in StatusSpan.objects.filter(record__among=keys).values_list("record", *SPAN):
            found[record].append(Span._make(values))
        for key, ref, status, since in records:
            if len(wanted[key]) != len(found[key]) or set(wanted[key]) != set(found[key]):
                yield Broken(ref, _("its status spans are not those that its status changes give"))
            now = [span for span in wanted[key] if span.known_until is None and span.valid_until is None]
            given = (now[0].status, now[0].valid_from) if now else (NOT_ASSESSED, None)
            if (status, since) != given:
                yield Broken(ref, _("it shows a status that the ledger does not give"))
