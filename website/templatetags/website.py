"""What the templates of the public pages, and those of the subscriptions, are written with."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.conf import settings
from django.template.context import RequestContext
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from commitments.models import Bound
from publishing import ledger
from publishing.fields import Choice
from publishing.resource import registry
from publishing.words import (
    LANGUAGES,
    day_in_words,
    duration_in_words,
    locale,
    moment_in_words,
    number_in_words,
    separator,
    words,
)
from sources.models import Language
from tracking.models import DueKind, Stance, StatusChangeKind
from tracking.statuses import STATUSES, Status

register = template.Library()

PAGES = {
    "pledges": "website:record",
    "mechanisms": "website:record",
    "proposals": "website:record",
    "actors": "website:actor",
    "instruments": "website:instrument",
    "themes": "website:theme",
}

# Each language is named in itself, so that who needs it can read it.
NAMES = {"en": "English", "zh-hans": "简体中文"}

register.filter("day", day_in_words)
register.filter("moment", moment_in_words)
register.filter("every", duration_in_words)
register.filter("number", number_in_words)


@register.filter
def said(document: Mapping[str, Any], name: str) -> str:
    """Return a text of a document in the reader's language, or else in the other one: for titles and attributes."""
    return words(document, name).text


@register.simple_tag
def say(document: Mapping[str, Any], name: str) -> SafeString:
    """Write a text of a document in the reader's language. One that exists only in the other language is marked so."""
    text, lang, foreign = words(document, name)
    if not foreign:
        return format_html("{}", text)
    mark = _("so far only in Chinese") if lang.startswith("zh") else _("so far only in English")
    return format_html('<span lang="{}">{}</span> <small class="mark">{}</small>', lang, text, mark)


@register.simple_tag(name="separator")
def separator_tag() -> str:
    """Write what parts the members of a list."""
    return separator()


@register.simple_tag
def status(code: str) -> SafeString:
    """Write the label of a status on its colour."""
    known = STATUSES[code]
    return format_html('<span class="status {}">{}</span>', known.colour, known.label)


@register.filter
def label_of(document: Mapping[str, Any]) -> str:
    """Return how a public thing (with its `resource`) is named to the reader."""
    return words(document, registry[document["resource"]].label).text


@register.filter
def page_of(named: Mapping[str, Any]) -> str:
    """Return the address of a public thing (with ref and `resource`): its page, or its API answer when it has none."""
    if named["resource"] in PAGES:
        return reverse(PAGES[named["resource"]], args=[named["ref"]])
    return f"/api/v1/{named['resource']}/{named['ref']}/"


@register.simple_tag
def link(ref: str, labels: Mapping[str, Mapping[str, Any]]) -> SafeString:
    """Write a link to a public thing by its label; only the ref of what is not public."""
    if ref not in labels:
        return format_html("<span>{}</span>", ref)
    return format_html('<a href="{}">{}</a>', page_of(labels[ref]), label_of(labels[ref]))


@register.simple_tag
def links(refs: Sequence[str], labels: Mapping[str, Mapping[str, Any]]) -> SafeString:
    """Write links to several public things, parted as the reader's language parts them."""
    return format_html_join(separator(), "{}", ((link(ref, labels),) for ref in refs))


@register.simple_tag
def numbers(refs: Sequence[str], number_of: Mapping[str, int]) -> SafeString:
    """Write links to places on the page, each by its number there."""
    return format_html_join(separator(), '<a href="#{}">{}</a>', ((ref, number_of.get(ref, ref)) for ref in refs))


@register.filter
def at(mapping: Mapping[str, Any], key: str) -> Any:
    """Return the value of a key that stands in a variable."""
    return mapping.get(key)


@register.filter
def due_kind(code: str) -> str:
    return str(DueKind(code).label)


@register.filter
def bound(commitment: Mapping[str, Any]) -> str:
    """Return in words whom a commitment binds that names no actors."""
    return str(Bound(commitment["bound"]).label)


@register.filter
def stance(code: str) -> str:
    return str(Stance(code).label)


@register.filter
def change_kind(code: str) -> str:
    return str(StatusChangeKind(code).label)


@register.filter
def language(code: str) -> str:
    """Return the name of a source's language."""
    return str(Language(code).label)


@register.filter
def country(code: str) -> str:
    """Return the name of a country by its two letters of ISO 3166-1."""
    return locale().territories.get(code, code)


@register.filter
def in_both_languages(status: Status) -> list[tuple[str, str, str]]:
    """Return (language, label, definition) of a status in each language of the pages."""
    texts = []
    for code, _name in settings.LANGUAGES:
        with override(code):
            texts.append((code, str(status.label), str(status.definition)))
    return texts


@register.filter
def bcp47(code: str) -> str:
    """Return the language tag for a source's language: Chinese is written in simplified characters."""
    return LANGUAGES.get(code, code)


@register.filter
def choice(document: Mapping[str, Any], field: str) -> str:
    """Return the label of a document's word, as the resource declares it: `{{ actor|choice:"actors.kind" }}`."""
    resource, _dot, name = field.partition(".")
    declared = registry[resource].fields[name]
    if not isinstance(declared, Choice):
        raise template.TemplateSyntaxError(f"{field} is not declared as a choice.")
    return str(declared.choices(document[name]).label)


@register.filter
def kind(resource: str) -> str:
    """Return the kind of record in the plural: pledges, mechanisms, proposals."""
    return str(registry[resource].model._meta.verbose_name_plural)


@register.filter
def one(resource: str) -> str:
    """Return the kind of record in the singular: pledge, mechanism, proposal."""
    return str(registry[resource].model._meta.verbose_name)


@register.simple_tag
def ledger_head() -> ledger.Head:
    """Return the ledger's last position: seq, hash and recorded_at. One query."""
    return ledger.head()


@register.simple_tag
def base_url() -> str:
    return settings.BASE_URL


@register.simple_tag(takes_context=True)
def languages(context: RequestContext) -> list[dict[str, Any]]:
    """Return the languages of the pages, each with the address of this very page in it."""
    path = context["request"].get_full_path()
    current = get_language()
    for code, _name in settings.LANGUAGES:
        path = path.removeprefix(f"/{code}") if path.startswith(f"/{code}/") else path
    return [
        {"code": code, "name": NAMES.get(code, name), "path": f"/{code}{path}", "current": code == current}
        for code, name in settings.LANGUAGES
    ]


@register.simple_tag
def page_address(name: str, *args: str) -> str:
    """Return the address of another app's page, or nothing where that app is not installed."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
