"""Facets: the numbers of a list by status, instrument, actor, country, theme and year."""

import pytest

from catalog.models import Theme
from commitments.models import Commitment

FACETS = {
    "pledges": ["status", "instrument", "actor", "country", "theme", "year"],
    "mechanisms": ["status", "instrument", "actor", "country", "theme"],
    "proposals": ["status", "instrument", "actor", "country", "theme"],
    "records": ["status", "instrument", "actor", "country", "theme", "year"],
}
COUNTED = {"version", "as_of", "total", "assessed", "not_assessed", "not_assessed_share", "rates"}


def counted(api, name, facet, value, given):
    if facet == "year":
        given = given | {"due_on__gte": value, "due_on__lte": value}
    else:
        given = given | {facet: value}
    return api.get(f"{name}/", count="true", page_size=1, **given)["count"]


@pytest.mark.parametrize("name", FACETS)
@pytest.mark.parametrize("past", [False, True])
def test_each_count_is_that_of_the_list(api, name, past):
    version = api.get(f"{name}/", page_size=1)["version"]
    given = {"version": version} if past else {}

    answer = api.get(f"{name}/facets/", **given)

    facets = set(answer) - COUNTED
    assert facets <= set(FACETS[name])
    assert {"status", "theme"} <= facets
    assert answer["total"] == api.get(f"{name}/", count="true", page_size=1, **given)["count"]
    assert sum(answer["status"].values()) == answer["total"]
    for facet in facets:
        for value, number in [*answer[facet].items()][:6]:
            assert counted(api, name, facet, value, given) == number, (facet, value)


@pytest.mark.parametrize("name", FACETS)
def test_the_past_is_counted_as_the_present_is(api, name):
    present = api.get(f"{name}/facets/")

    assert api.get(f"{name}/facets/", version=present["version"]) == present


@pytest.mark.parametrize(
    "given",
    [{"country": "CN"}, {"status__not": "not_assessed"}, {"theme": "safety"}, {"q": "watermark"}, {"overdue": "true"}],
)
def test_facets_count_under_the_same_filters_as_the_list(api, given):
    answer = api.get("pledges/facets/", **given)

    assert answer["total"] == api.get("pledges/", count="true", page_size=1, **given)["count"]
    actor, number = next(iter(answer["actor"].items()), (None, 0))
    if actor:
        assert counted(api, "pledges", "actor", actor, given) == number


def test_rates_stand_with_their_counts_and_with_what_nobody_assessed(api):
    answer = api.get("pledges/facets/")

    assert answer["assessed"] + answer["not_assessed"] == answer["total"]
    assert answer["not_assessed_share"] == round(answer["not_assessed"] / answer["total"], 4)
    for status, rate in answer["rates"].items():
        assert rate["count"] == answer["status"][status]
        assert rate["of_all"] == round(rate["count"] / answer["total"], 4)
        assert rate["of_assessed"] == round(rate["count"] / answer["assessed"], 4)


def test_facets_of_nothing_are_empty(api):
    answer = api.get("pledges/facets/", version=0)

    assert (answer["total"], answer["status"], answer["actor"], answer["rates"]) == (0, {}, {}, {})
    assert answer["not_assessed_share"] is None


def test_a_record_counts_once_for_a_theme_however_many_narrower_ones_it_has(api, publishing):
    narrow = Theme.objects.exclude(parent=None)[0]
    assert narrow.parent is not None
    sibling = Theme.objects.create(
        ref="sibling", parent=narrow.parent, label_en="a", label_zh="b", definition_en="c", definition_zh="d"
    )
    publishing(sibling)
    commitment = Commitment.objects.filter(state="published", pledges__isnull=False)[0]
    commitment.themes.set([narrow, sibling])
    publishing(commitment)

    answer = api.get("pledges/facets/", instrument=commitment.instrument.ref)

    assert answer["theme"][narrow.parent.ref] == counted(
        api, "pledges", "theme", narrow.parent.ref, {"instrument": commitment.instrument.ref}
    )


def test_what_no_facet_takes_is_refused(api):
    for parameter in ("cursor", "page_size", "fields", "ordering", "count"):
        assert api.problem("pledges/facets/", **{parameter: "1"})["code"] == "unknown_parameter"
    assert api.problem("actors/facets/")["status"] == 404
