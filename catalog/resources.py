"""What is public of actors and themes."""

from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from catalog.models import Actor, ActorKind, Theme, validate_country, validate_time_zone, validate_wikidata
from publishing.fields import IN, Choice, Ref, Refs, Text, Translated, Validated
from publishing.resource import Resource, ref_field, registry


@registry.register
class ThemeResource(Resource):
    help = _("A word of the controlled vocabulary.")
    model, rank, label, broader = Theme, 10, "label", "parent"
    private = {"sources": "the vocabulary is the tracker's own"}

    ref = ref_field(_("Permanent id of the theme."))
    parent = Ref("themes", _("The broader theme, if any."), hangs_on=True, lookups=IN)
    label_ = Translated(_("What the theme is called."), required=True, searched=True)
    definition = Translated(_("What belongs to the theme."), required=True, searched=True)


@registry.register
class ActorResource(Resource):
    help = _("A state, company, organisation, institute or person.")
    model, rank, label, mergeable = Actor, 30, "name", True

    ref = ref_field(_("Permanent id of the actor."))
    kind = Choice(ActorKind, _("What sort of actor it is."), required=True, lookups=IN)
    name_ = Translated(_("What the actor is called."), required=True, searched=True, ordering=True)
    short_name_en = Text(_("Short English name, where one is in use."), max_length=100, lookups=IN, searched=True)
    country = Validated(_("Country by its two letters of ISO 3166-1."), validator=validate_country, lookups=IN)
    time_zone = Validated(
        _("IANA time zone in which its deadlines end; where empty, a day ends where it ends last on Earth."),
        validator=validate_time_zone,
        lookups=IN,
    )
    parent = Ref("actors", _("The actor that it is a part of."), lookups=IN)
    members = Refs("actors", _("The actors that are members of it."), lookups=IN)
    wikidata = Validated(_("Id in Wikidata."), validator=validate_wikidata, lookups=IN)
    website = Validated(_("Address of its website."), validator=URLValidator(schemes=["http", "https"]), lookups=IN)
    note = Translated(_("What else a reader should know."), searched=True)
    sources = Refs("sources", _("What this was read from."), required=True, lookups=IN)
