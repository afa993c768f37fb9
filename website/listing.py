"""Lists of records: which there are, and what a reader sees of each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from catalog.models import Theme
from commitments.models import Bound, Pledge
from publishing import reading
from publishing.errors import DomainError
from publishing.models import Document, Publishable
from publishing.reading import Answer
from publishing.resource import Asked, registry
from publishing.searching import matching
from publishing.words import readers_language
from tracking.models import TRACKED_RESOURCES, Record, RecordQuerySet
from tracking.statuses import STATUSES

PAGE_SIZE = 25
FILTERS = ("q", "resource", "status", "theme", "actor", "instrument", "overdue", "sort", "page")
NAMED = ("theme", "actor", "instrument")
SORTS = {
    "status": _("Latest status first"),
    "due": _("Earliest due day first"),
    "title": _("By title"),
}


class WordUnknown(DomainError):
    code = "word_unknown"
    message = _("“%(value)s” is not possible for “%(name)s”; choose one of %(known)s.")


class NoSuchPage(DomainError):
    code = "no_such_page"
    message = _("There is no page “%(page)s” in this list; it has %(last)d.")


def check_filters(given: Mapping[str, str], *, version: int) -> None:
    """Raise WordUnknown for a word that a filter cannot have, and what `find` raises for what it cannot name."""
    choices: dict[str, Collection[str]] = {
        "resource": TRACKED_RESOURCES,
        "status": STATUSES,
        "overdue": ("true",),
        "sort": SORTS,
    }
    for name, known in choices.items():
        if name in given and given[name] not in known:
            raise WordUnknown(name=name, value=given[name][:50], known=", ".join(known))
    for name in NAMED:
        if name in given:
            reading.find(given[name], resources=[f"{name}s"], version=version)


def filtered(given: Mapping[str, str], *, now: datetime) -> RecordQuerySet:
    """Return the public records that the parameters of a list ask for. `now` is aware."""
    records = Record.objects.public()
    if "resource" in given:
        records = records.filter(resource=given["resource"])
    if "status" in given:
        records = records.filter(status=given["status"])
    if "actor" in given:
        records = records.filter(of_actor(given["actor"]))
    if "instrument" in given:
        records = records.filter(instrument__ref=given["instrument"])
    if "theme" in given:
        records = records.filter(of_theme(given["theme"]))
    if "overdue" in given:
        records = records.overdue(now=now)
    if "q" in given:
        records = records.filter(found_by(given["q"]))
    return records


def of_actor(ref: str) -> Q:
    """What an actor promised, alone or jointly with others, proposed, hosts or takes part in."""
    paths = ("mechanism__hosts", "mechanism__members", "proposal__proposed_by")
    jointly = (
        Q(commitment__bound=Bound.NAMED, commitment__bound_actors__ref=ref)
        | Q(commitment__bound=Bound.ISSUERS, commitment__instrument__issuers__ref=ref)
        | Q(commitment__bound=Bound.SIGNATORIES, commitment__instrument__signatures__actor__ref=ref)
    )
    linked = Q(actor__ref=ref) | Q(pk__in=Pledge.objects.filter(jointly, actor=None).values("pk"))
    for path in paths:
        linked |= Q(pk__in=Record.objects.filter(**{f"{path}__ref": ref}).values("pk"))
    return linked


def of_theme(ref: str) -> Q:
    """What is about a theme or one of the narrower ones, three levels down."""
    about = Q(ref=ref) | Q(parent__ref=ref) | Q(parent__parent__ref=ref) | Q(parent__parent__parent__ref=ref)
    return Q(pk__in=Record.themes.through.objects.filter(theme__in=Theme.objects.filter(about)).values("record"))


def found_by(words: str) -> Q:
    """Records whose own text has the words, or that of their commitment, their actor or their instrument."""
    found = Document.objects.current().filter(matching(words)).values("thing")
    return Q(pk__in=found) | Q(actor__in=found) | Q(instrument__in=found) | Q(pledge__commitment__in=found)


def named_by(words: str, *, at_most: int) -> list[Answer]:
    """Return the actors, instruments and themes whose own text has the words, as {ref, resource, label}."""
    rows = (
        Document.objects.current()
        .filter(matching(words), thing__resource__in=[f"{name}s" for name in NAMED])
        .order_by("thing__resource", "thing__ref")
        .values_list("thing__ref", "thing__resource", "body")[:at_most]
    )
    return [{"ref": ref, "resource": resource, **body} for ref, resource, body in rows]


def counted(records: QuerySet[Record]) -> QuerySet[Record]:
    """Leave out recurring pledges whose periods are judged one by one: each period counts, and not their parent."""
    return records.filter(~Exists(Pledge.objects.public().filter(instance_of=OuterRef("pk"))))


def status_counts(records: QuerySet[Record]) -> dict[str, dict[str, int]]:
    """Return {kind of record: {status: count}}, in one query."""
    counts: dict[str, dict[str, int]] = {resource: {} for resource in TRACKED_RESOURCES}
    for resource, status, count in records.order_by().values_list("resource", "status").annotate(Count("pk")):
        counts[resource][status] = count
    return counts


def ordered(records: QuerySet[Record], sort: str) -> QuerySet[Record]:
    """Return records in one of the orders of SORTS."""
    first = {
        "status": F("status_since").desc(nulls_last=True),
        "due": F("due_on").asc(nulls_last=True),
        "title": F(f"title_{readers_language()}").asc(),
    }[sort]
    return records.order_by(first, "ref")


def page_of(records: QuerySet[Record], *, page: str, total: int) -> tuple[list[int], int, int]:
    """Return the keys on a page of an ordered list, the page's number and that of the last one.

    Raises NoSuchPage.
    """
    last = max(1, -(-total // PAGE_SIZE))
    if not (page.isascii() and page.isdigit() and len(page) < 10 and 1 <= int(page) <= last):
        raise NoSuchPage(page=page[:50], last=last)
    number = int(page)
    start = (number - 1) * PAGE_SIZE
    return list(records.values_list("pk", flat=True)[start : start + PAGE_SIZE]), number, last


def entries(keys: Sequence[int], asked: Asked) -> list[Answer]:
    """Return what a list shows of records, in the order of the keys: their answers, with `resource`, and with `whose`
    and `found_in`, the labels of actor and instrument.

    A constant number of queries.
    """
    rows = {
        key: links
        for key, *links in Record.objects.filter(pk__in=keys).values_list(
            "pk", "resource", "actor__ref", "instrument__ref"
        )
    }
    answers: dict[str, Answer] = {}
    for name in TRACKED_RESOURCES:
        mine = [key for key in keys if rows[key][0] == name]
        answers.update({answer["ref"]: answer for answer in reading.present(registry[name], mine, asked)})
    labels = reading.labels([ref for _resource, *links in rows.values() for ref in links if ref], version=asked.version)
    refs = dict(Publishable.objects.filter(pk__in=keys).values_list("pk", "ref"))
    return [
        answers[refs[key]]
        | {"resource": rows[key][0], "whose": labels.get(rows[key][1]), "found_in": labels.get(rows[key][2])}
        for key in keys
        if refs[key] in answers
    ]
