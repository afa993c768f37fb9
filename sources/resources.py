"""What is public of sources, passages and divergences."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from publishing.fields import (
    FLAG,
    IN,
    RANGE,
    Choice,
    Day,
    Flag,
    PartialDay,
    Ref,
    Refs,
    Report,
    Text,
    Translated,
    Validated,
)
from publishing.resource import Resource, ref_field, registry
from sources.models import Divergence, Language, Passage, Source, SourceKind, SourceRole, validate_web_address


@registry.register
class SourceResource(Resource):
    help = _("A page, feed or document that something was read from.")
    # A source has its own title, in its own language.
    model, rank, label = Source, 20, "title"
    private = {"sources": "it is one itself"}

    ref = ref_field(_("Permanent id of the source."))
    kind = Choice(SourceKind, _("What sort of source it is."), required=True, lookups=IN)
    url = Validated(
        _("Its address; empty for a document without one."), validator=validate_web_address, max_length=2000
    )
    title = Text(_("Its own title, in its own language."), required=True, max_length=500, lookups=IN, searched=True)
    publisher = Text(_("Who published it."), max_length=300, lookups=IN, searched=True)
    lang = Choice(Language, _("Its language."), required=True, lookups=IN)
    published_on = PartialDay(_("Day on which it was published, as far as it is known."), lookups=RANGE, ordering=True)
    read_on = Day(_("Day on which it was last read for the tracker."), lookups=RANGE)
    role = Choice(SourceRole, _("Whose voice it is."), lookups=IN)
    watch = Flag(_("Whether its changes are watched."), lookups=FLAG)
    note = Translated(_("What a reader should know about it."), searched=True)

    @classmethod
    def parse(cls, row: Any, report: Report) -> dict[str, Any]:
        document = super().parse(row, report)
        document["role"] = document["role"] or SourceRole.OTHER.value
        if document["kind"] != SourceKind.DOCUMENT and not document["url"]:
            report("url", gettext("Give the address; only a document may be without one."))
        return document


@registry.register
class PassageResource(Resource):
    help = _("A place in one language version of a source, and what it says in our words.")
    model, rank, label = Passage, 40, "gist"
    private = {"sources": "it stands in one, its `source`"}

    ref = ref_field(_("Permanent id of the passage."))
    source = Ref("sources", _("The language version that it stands in."), required=True, hangs_on=True, lookups=IN)
    lang = Choice(Language, _("Language of that version."), required=True, lookups=IN)
    locator = Text(_("Where it stands: paragraph number or heading."), required=True, max_length=200, lookups=IN)
    gist = Translated(_("What it says, in our words."), required=True, searched=True)


@registry.register
class DivergenceResource(Resource):
    help = _("What one language version of a text says and the other does not.")
    model, rank, label = Divergence, 90, "summary"

    ref = ref_field(_("Permanent id of the divergence."))
    sources = Refs("sources", _("The two language versions."), required=True, lookups=IN)
    subject = Ref((), _("What the difference is about, if it is in the tracker."), lookups=IN)
    only_in = Choice(Language, _("The language whose text has the point."), required=True, lookups=IN)
    passages = Refs("passages", _("Where the two texts can be compared."), lookups=IN)
    summary = Translated(_("The difference, in our words."), required=True, searched=True)
