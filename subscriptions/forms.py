"""What a subscriber fills in: the address once, and what to follow, how often, in which language and time zone."""

import re
from collections.abc import Collection, Iterable
from typing import Any, Self
from zoneinfo import available_timezones

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Language
from publishing.models import REF_PATTERN, Publishable
from subscriptions import following
from subscriptions.following import Followable
from subscriptions.models import Subscription
from subscriptions.schedule import Frequency

MOST_FOLLOWED = 200
LONGEST_SEARCH = 100
USUAL_ZONE = {Language.ENGLISH.value: "UTC", Language.CHINESE.value: "Asia/Shanghai"}
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def time_zones() -> list[tuple[str, Any]]:
    """Return UTC and the places of the IANA database, by region, as choices of a form."""
    by_region: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    for name in sorted(available_timezones()):
        region, _slash, place = name.partition("/")
        if place and region in by_region:
            by_region[region].append((name, place.replace("_", " ")))
    return [("UTC", "UTC"), *by_region.items()]


class WishForm(forms.Form):
    """What to follow and how to be told. `follow` holds refs; none means everything."""

    frequency = forms.ChoiceField(label=_("How often"), choices=Frequency.choices, widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("Language of the mails"), choices=Language.choices)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zones,
        help_text=_("Mails leave at eight in the morning in this zone, and times are written in it."),
    )
    find = forms.CharField(
        label=_("Find an actor, an instrument or a record"), required=False, max_length=LONGEST_SEARCH
    )

    def __init__(
        self, data: QueryDict | None = None, *, initial: dict[str, Any], standing: Collection[str] = ()
    ) -> None:
        """Whatever is chosen stands as a choice beside the themes, if it can be followed.

        `standing` are the refs that are followed already; they can be kept even while they are not public.
        """
        super().__init__(data, initial=initial)
        chosen = data.getlist("follow") if data is not None else initial["follow"]
        self.chosen = [ref for ref in chosen[:MOST_FOLLOWED] if re.fullmatch(REF_PATTERN, ref)]
        self.themes = following.themes()
        self.others = following.named(set(self.chosen) - {theme.ref for theme in self.themes})
        self.others += [Followable(ref, "", ref) for ref in self.unknown if ref in standing]
        self.found: list[Followable] = []
        self.fields["follow"] = forms.MultipleChoiceField(
            required=False, choices=[(thing.ref, thing.label) for thing in (*self.themes, *self.others)]
        )

    @classmethod
    def looking(cls, data: QueryDict, *, standing: Collection[str] = ()) -> Self:
        """Return the form as it was sent, without judging it, and with what its search finds beside what is chosen."""
        form = cls(initial={**data.dict(), "follow": data.getlist("follow"), "find": ""}, standing=standing)
        offered = {thing.ref for thing in form.others}
        words = str(data.get("find")).replace("\0", "")[:LONGEST_SEARCH]
        form.found = [thing for thing in following.find(words) if thing.ref not in offered]
        return form

    @property
    def unknown(self) -> list[str]:
        """The refs among those asked for that cannot be followed."""
        known = {thing.ref for thing in (*self.themes, *self.others)}
        return [ref for ref in self.chosen if ref not in known]

    def followed(self) -> QuerySet[Publishable]:
        """Return what a valid form chose."""
        return Publishable.objects.filter(ref__in=self.cleaned_data["follow"])

    def terms(self) -> dict[str, str]:
        """Return how often, in which language and time zone a valid form wants to be told."""
        return {name: self.cleaned_data[name] for name in ("frequency", "language", "time_zone")}


class SubscribeForm(WishForm):
    """The same with the address."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


def initial_wish(follow: Iterable[str]) -> dict[str, Any]:
    """Return what the form shows to somebody new, in the language that is active."""
    language = get_language() or Language.ENGLISH.value
    return {
        "follow": list(follow),
        "frequency": Frequency.WEEKLY.value,
        "language": language,
        "time_zone": USUAL_ZONE.get(language, "UTC"),
    }


def initial_of(subscription: Subscription) -> dict[str, Any]:
    """Return what the form shows to a subscriber."""
    return {
        "follow": list(subscription.follows.values_list("ref", flat=True)),
        "frequency": subscription.frequency,
        "language": subscription.language,
        "time_zone": subscription.time_zone,
    }


def looks_for_something(data: QueryDict) -> bool:
    """Whether the button beside the search was pressed, with words in it."""
    return "look" in data and bool(str(data.get("find", "")).strip())
