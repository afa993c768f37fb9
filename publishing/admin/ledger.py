"""The ledger, its changes and documents: to be read by staff, written by publications only."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from publishing.admin.filters import DropdownFilter, KindFilter
from publishing.admin.reading import ReadOnlyAdmin
from publishing.models import Act, Change, Document, LedgerEntry, SignedHead
from publishing.resource import registry


def pretty(document: object) -> SafeString:
    """Return a document as it is read, one field a line."""
    return format_html('<pre class="document">{}</pre>', json.dumps(document, ensure_ascii=False, indent=2))


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    """What was made public in one go, and by whom: only staff see that."""

    list_display = ["positions", "act", "by", "recorded_at"]
    list_filter = ["act", ("by", DropdownFilter), "recorded_at"]
    search_fields = ["id", "entries__ref"]
    search_help_text = _("Searched: the id of the change, and the refs of what it made public.")
    ordering = ["-first_seq"]
    list_select_related = ["by"]
    fields = ["id", "act", "by", "recorded_at", "positions", "what"]
    readonly_fields = ["positions", "what"]

    @admin.display(description=_("positions"), ordering="first_seq")
    def positions(self, change: Change) -> str:
        return f"{change.first_seq}–{change.last_seq}"

    @admin.display(description=_("what it made public"))
    def what(self, change: Change) -> SafeString:
        address = reverse("admin:publishing_ledgerentry_changelist")
        count = change.last_seq - change.first_seq + 1
        words = ngettext("one position", "%(count)d positions", count) % {"count": count}
        return format_html('<a href="{}?change__id__exact={}">{}</a>', address, change.pk, words)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """The positions of the ledger. docs/ledger.md says how the hashes are made."""

    list_display = ["seq", "recorded_at", "action", "resource", "ref", "act"]
    list_filter = ["action", KindFilter, ("change__act", admin.ChoicesFieldListFilter)]
    search_fields = ["=seq", "ref__startswith"]
    search_help_text = _("Searched: the position, and how the ref begins.")
    ordering = ["-seq"]
    list_select_related = ["change"]
    fields = [
        "seq",
        "recorded_at",
        "action",
        "resource",
        "ref",
        "change",
        "document_hash",
        "previous_hash",
        "hash",
        "document_body",
    ]
    readonly_fields = ["document_body"]

    @admin.display(description=_("act"))
    def act(self, entry: LedgerEntry) -> str:
        return str(Act(entry.change.act).label)

    @admin.display(description=_("document"))
    def document_body(self, entry: LedgerEntry) -> SafeString | str:
        document = Document.objects.filter(pk=entry.pk).values_list("body", flat=True).first()
        return pretty(document) if document is not None else "–"

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Let a change's page link to its positions."""
        return lookup == "change__id__exact" or super().lookup_allowed(lookup, value, request)


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    """What the public sees or saw of each thing, as it stood from one position until another."""

    list_display = ["ref", "kind", "entry_id", "until_seq"]
    list_filter = [("until_seq", admin.EmptyFieldListFilter)]
    search_fields = ["thing__ref__startswith"]
    search_help_text = _("Searched: how the ref begins.")
    ordering = ["-entry"]
    list_select_related = ["thing"]
    fields = ["thing", "entry", "until_seq", "pretty_body"]
    readonly_fields = ["pretty_body"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Leave the long columns to the page of one document."""
        return super().get_queryset(request).only("entry", "until_seq", "thing__ref", "thing__resource")

    @admin.display(description=_("ref"), ordering="thing__ref")
    def ref(self, document: Document) -> str:
        return document.thing.ref

    @admin.display(description=_("kind"))
    def kind(self, document: Document) -> str:
        return str(registry[document.thing.resource].verbose_name)

    @admin.display(description=_("document"))
    def pretty_body(self, document: Document) -> SafeString:
        return pretty(document.body)


@admin.register(SignedHead)
class SignedHeadAdmin(ReadOnlyAdmin):
    """The head of each day. docs/ledger.md says how anybody checks one."""

    list_display = ["day", "seq", "hash", "signed_at"]
    list_filter = ["signed_at"]
    search_fields = ["=seq", "hash__startswith"]
    search_help_text = _("Searched: the position, and how the hash begins.")
    ordering = ["-day"]
    fields = ["day", "seq", "hash", "signed_at", "statement", "signature", "public_key"]
    readonly_fields = ["statement"]

    @admin.display(description=_("what is signed"))
    def statement(self, head: SignedHead) -> str:
        return head.statement
