"""The one importer: `plan_import` reads and compares, `apply_plan` writes the plan as one change."""

import shutil
import tempfile
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from functools import cached_property
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publishing import bulk, ledger
from publishing.actions import lock, publish, touched_by
from publishing.bulk import chunks
from publishing.errors import DomainError, ParentNotPublic
from publishing.fields import Ids, nearest, unknown_word
from publishing.first_load import indexes_set_aside
from publishing.ledger import Appending, Item
from publishing.models import Act, Action, Change, PublicationState, Publishable
from publishing.resource import Resource, registry
from publishing.tables import UnreadableFile, import_files, read_rows

NEIGHBOURS = 20
# An empty tracker that is given this much sets its indexes aside until all of it is there.
LARGE = 20_000
# Below 10 MB, starting processes takes longer than reading.
WORTH_A_PROCESS = 10_000_000
MADE = Path("—")

Document = dict[str, Any]
Row = dict[str, Any]


class PlanOutOfDate(DomainError):
    code = "plan_out_of_date"
    message = gettext_lazy("Something was published while the files were read. Load them again.")


class Problem(NamedTuple):
    """Something wrong in a file; `row` is a line of a text file or a row of a sheet, `column` may be empty."""

    file: Path
    row: int
    column: str
    message: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.row or "", self.column) if part)
        return f"{place}: {self.message}"


class Origin(NamedTuple):
    """Where a document was read: an index into the plan's files, and a line or row. Made documents have -1, 0."""

    file: int
    row: int


MADE_ORIGIN = Origin(-1, 0)


class Standing(NamedTuple):
    """What the tracker has under a ref already."""

    key: int
    kind: str
    is_public: bool


class Spool:
    """The documents of one resource on disk, so that memory stays flat however many there are."""

    def __init__(self, path: Path | None = None) -> None:
        self._file: IO[bytes] = path.open("wb") if path else tempfile.TemporaryFile()

    def add(self, origin: Origin, document: Document) -> None:
        self._file.write(orjson.dumps([*origin, document]) + b"\n")

    def extend(self, written: Path) -> None:
        """Take over what another spool wrote, and remove its file."""
        with written.open("rb") as lines:
            shutil.copyfileobj(lines, self._file)
        written.unlink()

    def close(self) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[tuple[Origin, Document]]:
        self._file.flush()
        self._file.seek(0)
        for line in self._file:
            file, row, document = orjson.loads(line)
            yield Origin(file, row), document


class Plan:
    """What an import would do. Nothing is written until it is applied."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.files: list[Path] = []
        self.spools: dict[str, Spool] = {}
        self.kind_of: dict[str, str] = {}
        self.counts: dict[str, Counter[str]] = {}
        self.changed: set[str] = set()
        # The keys of what exists and is written to when something new is published.
        self.touched: set[int] = set()
        # The data version that the files were compared with.
        self.version = ledger.head().seq
        self.existing: dict[str, Standing] = {}

    def report_at(self, origin: Origin) -> Callable[[str, str], None]:
        """Return a function that takes (column, message) of a problem with what stands at `origin`."""
        file = self.files[origin.file] if origin.file >= 0 else MADE
        return lambda column, message: self.problems.append(Problem(file, origin.row, column, message))

    def add(self, resource: type[Resource], origin: Origin, document: Document) -> None:
        """Take a document into the plan; a ref that stands twice is reported."""
        if self._take(resource, origin, document["ref"]):
            self.spools[resource.name].add(origin, document)

    def add_file(self, resource: type[Resource], reading: "Reading") -> None:
        """Take all documents of a file into the plan, and what is wrong with them."""
        self.problems += reading.problems
        for ref, row in zip(reading.refs, reading.rows, strict=True):
            self._take(resource, Origin(reading.number, row), ref)
        self.spools.setdefault(resource.name, Spool()).extend(reading.documents)

    def _take(self, resource: type[Resource], origin: Origin, ref: str) -> bool:
        self.spools.setdefault(resource.name, Spool())
        if ref in self.kind_of:
            self.report_at(origin)("ref", _("“%(ref)s” stands twice in the files.") % {"ref": ref})
            return False
        self.kind_of[ref] = resource.name
        return True

    def documents(self, resource: str) -> Iterator[Document]:
        """Yield the documents of a resource that the files hold."""
        for _origin, document in self.spools.get(resource, ()):
            yield document

    def rewrite(self, resource: str, change: Callable[[list[Origin], list[Document]], None]) -> None:
        """Replace the documents of a resource by what `change` makes of them, chunk by chunk, in place."""
        if resource not in self.spools:
            return
        fresh = Spool()
        for chunk in chunks(self.spools[resource]):
            change([origin for origin, _document in chunk], [document for _origin, document in chunk])
            for origin, document in chunk:
                fresh.add(origin, document)
        self.spools[resource] = fresh

    def like(self, ref: str, resources: Collection[str]) -> list[str]:
        """Return known refs of these resources (of all, if none is named) that begin or end as `ref` does."""
        found: list[str] = []
        for kind in resources or self._alphabets:
            forwards, backwards = self._alphabets.get(kind, ([], []))
            found += _around(ref, forwards)
            found += [turned[::-1] for turned in _around(ref[::-1], backwards)]
        return found

    @cached_property
    def _alphabets(self) -> dict[str, tuple[list[str], list[str]]]:
        """The refs of each resource in order, and turned round in the order of their ends. For when all are read."""
        refs_of: dict[str, list[str]] = {}
        for ref, kind in ({ref: standing.kind for ref, standing in self.existing.items()} | self.kind_of).items():
            refs_of.setdefault(kind, []).append(ref)
        return {kind: (sorted(refs), sorted(ref[::-1] for ref in refs)) for kind, refs in refs_of.items()}

    @property
    def is_sound(self) -> bool:
        return not self.problems

    def total(self, state: str) -> int:
        """Return how many documents are `new`, `changed` or `unchanged`."""
        return sum(counts[state] for counts in self.counts.values())


def _around(word: str, known: Sequence[str]) -> Sequence[str]:
    place = bisect(known, word)
    return known[max(0, place - NEIGHBOURS) : place + NEIGHBOURS]


class Reading(NamedTuple):
    """What was read from a file: its documents on disk, their refs and rows, and what is wrong."""

    number: int
    documents: Path
    refs: list[str]
    rows: list[int]
    problems: list[Problem]


def plan_import(paths: Sequence[Path], *, processes: int = 1) -> Plan:
    """Read files and folders, check everything, and compare with what is there. Writes nothing.

    All problems are gathered in the plan, not only the first. Much is read in several processes side by side; they are
    forked, so a process with threads of its own keeps to one.
    """
    plan = Plan()
    files, others = import_files(paths, registry.names())
    plan.problems.extend(map(_unreadable, others))
    plan.files = [file for _kind, file in files]
    with tempfile.TemporaryDirectory() as folder:
        for (kind, _file), reading in zip(files, _read_files(files, Path(folder), processes), strict=True):
            plan.add_file(registry[kind], reading)
    plan.existing = {
        ref: Standing(key, kind, state == PublicationState.PUBLISHED)
        for ref, key, kind, state in Publishable.objects.values_list("ref", "pk", "resource", "state").iterator()
    }
    for resource in registry:
        resource.complete(plan)
    for resource in registry:
        if resource.name in plan.spools:
            _compare(plan, resource)
    return plan


def _read_files(files: Sequence[tuple[str, Path]], folder: Path, processes: int) -> list[Reading]:
    sizes = [file.stat().st_size for _kind, file in files]
    asked = [(number, kind, file, folder / str(number)) for number, (kind, file) in enumerate(files)]
    if processes == 1 or sum(sizes) < WORTH_A_PROCESS:
        return [_read_file(*each) for each in asked]
    largest_first = sorted(asked, key=lambda each: -sizes[each[0]])
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as readers:
        return sorted(readers.map(_read_file, *zip(*largest_first, strict=True)))


def _read_file(number: int, kind: str, file: Path, documents: Path) -> Reading:
    resource = registry[kind]
    reading = Reading(number, documents, [], [], [])
    known = set(resource.import_columns())
    spool = Spool(documents)
    problems = reading.problems
    try:
        for row in read_rows(file):

            def report(column: str, message: str, row: int = row.number) -> None:
                problems.append(Problem(file, row, column, message))

            if not known.issuperset(row.values):
                for column in row.values.keys() - known:
                    known.add(column)
                    report(column, unknown_word(column, resource.import_columns()))
            before = len(problems)
            document = resource.parse(row.values, report)
            if len(problems) == before or document.get("ref"):
                reading.refs.append(document["ref"])
                reading.rows.append(row.number)
                spool.add(Origin(number, row.number), document)
    except UnreadableFile as wrong:
        problems.append(_unreadable(wrong))
    spool.close()
    return reading


def _unreadable(wrong: UnreadableFile) -> Problem:
    return Problem(wrong.file, wrong.number, "", wrong.message)


def _compare(plan: Plan, resource: type[Resource]) -> None:
    counts = plan.counts.setdefault(resource.name, Counter())
    parents = {parent.name for parent in resource.parents()}
    for chunk in chunks(plan.spools[resource.name]):
        for origin, document in chunk:
            _check_refs(plan, resource, parents, origin, document)
        keys = [plan.existing[d["ref"]].key for _origin, d in chunk if d["ref"] in plan.existing]
        standing = resource.documents(keys) if keys else {}
        for origin, document in chunk:
            ref = document["ref"]
            if ref not in plan.existing:
                counts["new"] += 1
                continue
            key, kind, _public = plan.existing[ref]
            if kind != resource.name:
                message = _("“%(ref)s” is taken by something else (%(kind)s).") % {"ref": ref, "kind": kind}
                plan.report_at(origin)("ref", message)
                continue
            before = {name: standing[key][name] for name in document}
            if before == document:
                counts["unchanged"] += 1
                continue
            resource.check_change(before, document, plan.report_at(origin))
            counts["changed"] += 1
            plan.changed.add(ref)


def _check_refs(
    plan: Plan, resource: type[Resource], parents: Collection[str], origin: Origin, document: Mapping[str, Any]
) -> None:
    for column, ref, allowed in resource.refs(document):
        standing = plan.existing.get(ref)
        kind = plan.kind_of.get(ref) or (standing.kind if standing else "")
        if not kind:
            likely = nearest(ref, plan.like(ref, allowed))
            message = _("There is no “%(ref)s”; did you mean “%(likely)s”?") if likely else _("There is no “%(ref)s”.")
            plan.report_at(origin)(column, message % {"ref": ref, "likely": likely})
        elif allowed and kind not in allowed:
            plan.report_at(origin)(
                column,
                _("“%(ref)s” is of the kind %(kind)s; %(allowed)s is needed here.")
                % {"ref": ref, "kind": kind, "allowed": ", ".join(allowed)},
            )
        elif standing and column in resource.writes_to:
            plan.touched.add(standing.key)
        if column in parents and standing and not standing.is_public and ref not in plan.changed:
            plan.report_at(origin)(column, str(ParentNotPublic(ref=document["ref"], parent=ref)))


@transaction.atomic
def apply_plan(plan: Plan) -> Change | None:
    """Write a sound plan and publish what it holds, as one change in one transaction; None if there was nothing to do.

    It is the operator's act: nobody's right is asked, and no second person.

    Raises PlanOutOfDate, and ValueError for a plan with problems.
    """
    if not plan.is_sound:
        raise ValueError("a plan with problems is not applied")
    standing = [plan.existing[ref].key for ref in plan.changed]
    lock([*standing, *touched_by(standing), *plan.touched])
    fresh = [ref for ref in plan.kind_of if ref not in plan.existing]
    ids = {ref: standing.key for ref, standing in plan.existing.items()} | dict(
        zip(fresh, bulk.next_ids(Publishable, len(fresh)), strict=True)
    )
    is_first = not plan.existing and len(fresh) >= LARGE
    with indexes_set_aside() if is_first else nullcontext(), ledger.appending(act=Act.IMPORT) as current:
        if current.first_seq != plan.version + 1:
            raise PlanOutOfDate()
        for resource in registry:
            written: list[int] = []
            for new, changed in bulk.ahead(_batches(plan, resource, ids)):
                _insert(resource, new, ids, under=current)
                _update(resource, changed, ids, under=current)
                written.extend(new.rows)
            resource.follow(written, current.seq_of, current.first_seq)
    return Change.objects.filter(pk=current.id).first()


class Batch(NamedTuple):
    """Documents, and the rows that they stand for, without what is derived from other tables; both by key."""

    documents: dict[int, Document]
    rows: dict[int, Row]


def _batches(plan: Plan, resource: type[Resource], ids: Ids) -> Iterator[tuple[Batch, Batch]]:
    """Yield what is new and what has changed, chunk by chunk."""
    for chunk in chunks(plan.documents(resource.name)):
        new = {ids[d["ref"]]: d for d in chunk if d["ref"] not in plan.existing}
        changed = {ids[d["ref"]]: d for d in chunk if d["ref"] in plan.changed}
        public = PublicationState.PUBLISHED.value
        yield Batch(new, rows_of(resource, new, ids, state=public)), Batch(changed, rows_of(resource, changed, ids))


def _insert(resource: type[Resource], batch: Batch, ids: Ids, *, under: Appending) -> None:
    """Write new things as public, and their publication, so that no row is written twice.

    The positions are hashed while the database works on the rows.
    """
    documents, rows = batch
    derive(resource, rows)
    resource.take_positions(rows, dict(zip(rows, count(under.seq + 1), strict=False)), under.first_seq)
    items = [
        Item(key, resource.name, document["ref"], Action.PUBLISHED, document | resource.derived_part(rows[key]))
        for key, document in documents.items()
    ]
    with ThreadPoolExecutor(1) as beside:
        prepared = beside.submit(under.prepare, items)
        bulk.insert(resource.model, list(rows.values()))
        _store_links(resource, documents, ids, fresh=True)
        resource.settle(list(rows), fresh=True)
        under.write(prepared.result())


def _update(resource: type[Resource], batch: Batch, ids: Ids, *, under: Appending) -> None:
    documents, rows = batch
    derive(resource, rows)
    bulk.update(resource.model, list(rows.values()))
    _store_links(resource, documents, ids, fresh=False)
    publish(things=list(rows), by=None, under=under)


def _store_links(resource: type[Resource], documents: Mapping[int, Document], ids: Ids, *, fresh: bool) -> None:
    for field in resource.fields.values():
        field.store_links(resource.model, documents, ids, fresh=fresh)


def rows_of(resource: type[Resource], documents: Mapping[int, Document], ids: Ids, **more: Any) -> dict[int, Row]:
    """Return the rows (attname → value) that documents stand for, by key, with `more`; what is derived is missing.

    `ids` gives the key of every ref that they name.
    """
    return {
        key: {"pk": key, "resource": resource.name, **more, **resource.attributes(document, ids)}
        for key, document in documents.items()
    }


def derive(resource: type[Resource], rows: Mapping[int, Row]) -> None:
    """Put into rows what follows for them from other tables. Set-wise."""
    for key, derived in resource.derive(rows).items() if rows else ():
        rows[key].update(derived)
