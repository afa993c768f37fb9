"""Taking out of the documents of a thing what must not stay public, without breaking the chain.

Each text is replaced by a sentence that says so, and each document gets a new salt; with the old one the text cannot be
guessed from its hash any more. docs/ledger.md tells how everybody can check what remains.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pghistory.core
from django.conf import settings
from django.db import connection, models, transaction
from django.utils.translation import gettext, override

from accounts.models import User
from publishing import ledger
from publishing.actions import lock, refuse_without_right
from publishing.bulk import tables_of
from publishing.errors import (
    NoteMissing,
    NothingToRedact,
    RedactionClosed,
    RedactionPreparedByYourself,
)
from publishing.fields import Text, Translated
from publishing.ledger import SALT_BYTES, Appending, Item
from publishing.models import (
    Act,
    Action,
    Document,
    PendingEdit,
    PendingRedaction,
    Publishable,
    Redaction,
    RedactionState,
)
from publishing.resource import Resource, registry

Follow = Callable[[int, Mapping[str, str]], None]
_following: list[Follow] = []


def follows_redactions(follow: Follow) -> Follow:
    """Decorate what higher layers do about copies of redacted texts, given the thing's key and column → new text."""
    _following.append(follow)
    return follow


def columns_of(resource: type[Resource]) -> dict[str, str]:
    """Return the texts of a resource that can be taken out: key of the document → column of the model."""
    return {
        key: column
        for field in resource.fields.values()
        if (isinstance(field, Translated) or type(field) is Text) and field.name not in resource.once
        for key, column in zip(field.keys(), field.columns(), strict=True)
    }


@transaction.atomic
def prepare_redaction(
    *,
    thing: Publishable,
    fields: Sequence[str],
    also_present: bool,
    by: User,
    now: datetime,
    note_en: str = "",
    note_zh: str = "",
) -> PendingRedaction:
    """Write down that texts of a thing must not stay public. Nothing changes in public.

    `fields` are keys of its document. Without `also_present` a text stays wherever it is the one that stands now.

    Raises NoteMissing, NothingToRedact.
    """
    if not (note_en.strip() or note_zh.strip()):
        raise NoteMissing(ref=thing.ref)
    redaction = PendingRedaction(
        thing=thing,
        fields=sorted(set(fields) & set(columns_of(registry[thing.resource]))),
        also_present=also_present,
        note_en=note_en.strip(),
        note_zh=note_zh.strip(),
        prepared_by=by,
        prepared_at=now,
    )
    if not concerned(redaction):
        raise NothingToRedact(ref=thing.ref)
    redaction.save()
    return redaction


@transaction.atomic
def discard_redaction(*, redaction: PendingRedaction, by: User, now: datetime) -> None:
    """Close a redaction that waits: its own author, or somebody who may publish.

    Raises RedactionClosed, NotAllowedToPublish.
    """
    if by.pk != redaction.prepared_by_id:
        refuse_without_right(by=by)
    _close(redaction, RedactionState.DISCARDED, by, now)


@transaction.atomic
def redact(*, redaction: PendingRedaction, by: User, now: datetime) -> Appending:
    """Take the texts out of all documents concerned, of the row and of its edit history, as one act.

    Raises NotAllowedToPublish, RedactionPreparedByYourself, RedactionClosed, NothingToRedact.
    """
    refuse_without_right(by=by)
    if needs_second_person(redaction=redaction, by=by):
        raise RedactionPreparedByYourself()
    lock([redaction.thing_id])
    _close(redaction, RedactionState.DONE, by, now)
    with ledger.appending(act=Act.REDACT, by=by) as current:
        documents = concerned(redaction)
        if not documents:
            raise NothingToRedact(ref=redaction.thing.ref)
        words = _words(redaction, documents, current.recorded_at)
        _write(redaction, documents, words, current)
        standing = {key for document, taken in documents.items() if document.until_seq is None for key in taken}
        _take_out_of_rows(redaction.thing, words, standing if redaction.thing.is_public else set(words))
    return current


def needs_second_person(*, redaction: PendingRedaction, by: User) -> bool:
    """Whether the two-person rule keeps somebody from doing a redaction: they prepared it."""
    return settings.TWO_PERSON_RULE and by.pk == redaction.prepared_by_id


def concerned(redaction: PendingRedaction) -> dict[Document, list[str]]:
    """Return the documents of the thing that have one of the texts, in the order of the ledger, each with its fields.

    Two queries.
    """
    documents = redaction.thing.documents.order_by("entry")
    stands: dict[str, Any] = {}
    if not redaction.also_present:
        stands = documents.current().values_list("body", flat=True).first() or {}
    found = {}
    for document in documents:
        texts = {key: text for key in redaction.fields if (text := document.body.get(key))}
        if taken := [key for key, text in texts.items() if redaction.also_present or text != stands.get(key)]:
            found[document] = taken
    return found


def _close(redaction: PendingRedaction, state: RedactionState, by: User, now: datetime) -> None:
    waiting = PendingRedaction.objects.filter(pk=redaction.pk, state=RedactionState.WAITING)
    if not waiting.update(state=state, closed_by=by, closed_at=now):
        raise RedactionClosed()


def _words(
    redaction: PendingRedaction, documents: Mapping[Document, Sequence[str]], moment: datetime
) -> dict[str, str]:
    """Return what stands in the place of each text: in the language of its field, else in English.

    Where a column has no room for the note, it is one word.
    """
    notes = {"en": redaction.note_en or redaction.note_zh, "zh-hans": redaction.note_zh or redaction.note_en}
    resource = registry[redaction.thing.resource]
    columns, said = columns_of(resource), {}
    for language, note in notes.items():
        with override(language):
            day = f"{moment:%Y-%m-%d}"
            said[language] = (
                gettext("[redacted on %(day)s: %(note)s]") % {"day": day, "note": note},
                gettext("[redacted]"),
            )
    words = {}
    for key in sorted({key for taken in documents.values() for key in taken}):
        whole, short = said["zh-hans" if key.endswith("_zh") else "en"]
        room = getattr(resource.model._meta.get_field(columns[key]), "max_length", None)
        words[key] = whole if room is None or len(whole) <= room else short
    return words


def _write(
    redaction: PendingRedaction,
    documents: Mapping[Document, Sequence[str]],
    words: Mapping[str, str],
    current: Appending,
) -> None:
    """Write the position that names documents and fields, then replace the texts."""
    thing, named, salts = redaction.thing, [], []
    for document, taken in documents.items():
        body, salt = document.body | {key: words[key] for key in taken}, os.urandom(SALT_BYTES)
        hashed = ledger.document_hash(salt=salt, document=body)
        named.append({"seq": document.pk, "fields": list(taken), "document_hash": hashed})
        salts.append(salt)
    told = {
        "ref": thing.ref,
        "note_en": redaction.note_en,
        "note_zh": redaction.note_zh,
        "words": dict(words),
        "documents": named,
    }
    salt = os.urandom(SALT_BYTES)
    hashed = ledger.document_hash(salt=salt, document=told)
    current.append([Item(thing.pk, thing.resource, thing.ref, Action.REDACTED, None, hashed)])
    Redaction.objects.create(entry_id=current.seq, thing=thing, salt=salt, body=told)
    with connection.cursor() as cursor:
        seqs = [document.pk for document in documents]
        cursor.execute("SELECT publishing_redact(%s::bigint[], %s::bytea[])", [seqs, salts])


def _take_out_of_rows(thing: Publishable, words: Mapping[str, str], here: set[str]) -> None:
    """Replace the texts in the row, those that stand there, in its edit history, and in edits of it that waited."""
    resource = registry[thing.resource]
    columns = columns_of(resource)
    if here:
        rows = resource.model._base_manager.filter(pk=thing.pk)
        rows.update(**{columns[key]: words[key] for key in sorted(here)})
    for table in tables_of(resource.model):
        take_out_of_edits(table, thing.pk, {columns[key]: text for key, text in words.items()})
    PendingEdit.objects.filter(thing=thing.pk).update(form={}, differences=[])
    for follow in _following:
        follow(thing.pk, {columns[key]: text for key, text in words.items()})


def take_out_of_edits(table: type[models.Model], key: int, texts: Mapping[str, str]) -> None:
    """Replace texts, given by column, in the edit history of one row of a table, where it has that column."""
    for events in pghistory.core.event_models(tracks_model=table):
        own = {column.name for column in events._meta.concrete_fields}
        for column, text in texts.items():
            if column in own:
                kept = events._default_manager.filter(pgh_obj=key)
                kept.exclude(**{column: ""}).update(**{column: text})
