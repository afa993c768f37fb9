"""A record or a question can be cited in several styles, with an address that answers the same for ever."""

from datetime import UTC, datetime

import pytest

from tests.api.conftest import BASE
from tests.api.test_details import PARIS
from tests.api.test_history import revise

CITATION = f"pledges/{PARIS}/citation/"


def text(response):
    assert response.status_code == 200, response.content
    return response.content.decode().strip()


def test_a_record_is_cited_in_each_style_as_it_stands_or_stood(api, publishing):
    version = api.get("pledges/", page_size=1)["version"]
    today = datetime.now(UTC).date()
    revise(publishing, title_en="Host the next summit & more_")

    apa = text(api.ask(CITATION, version=version, as_of=today.isoformat()))
    assert apa.startswith(f"Pactwatch. ({today.year}, {today:%B} {today.day}). France: Summit in France [fulfilled on ")
    url = apa.rpartition(" ")[2]
    assert url == f"{BASE}/en/records/{PARIS}/?version={version}&as_of={today}"
    assert "Summit in France" in api.client.get(url.removeprefix(BASE)).content.decode()

    national = text(api.ask(CITATION, style="gbt7714", lang="zh"))
    assert national.startswith("PACTWATCH. 法国：法国峰会［") and f"[{today}]. {BASE}/zh-hans/records/" in national
    entry = text(api.ask(CITATION, style="bibtex"))
    assert entry.startswith(f"@misc{{{PARIS},") and r"Host the next summit \& more\_" in entry
    response = api.ask(CITATION, style="csl-json")
    assert response.headers["Content-Type"] == "application/vnd.citationstyles.csl+json"
    (item,) = response.json()
    assert (item["type"], item["version"]) == ("webpage", str(version + 1))


def test_a_question_is_cited_with_its_filters_and_its_version(api, publishing):
    asked = {"actor": "state-fr", "status__not": "stalled"}
    (item,) = api.ask("pledges/citation/", style="csl-json", **asked).json()
    before = api.follow(item["URL"])["results"]
    assert item["type"] == "dataset" and "actor=state-fr, status__not=stalled" in item["title"]

    revise(publishing, title_en="Host the next summit")

    assert api.follow(item["URL"])["results"] == before != api.get("pledges/", **asked)["results"]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("pledges/", {"actor": "state-fr"}),
        ("pledges/facets/", {"actor": "state-fr"}),
        (f"pledges/{PARIS}/", {}),
        (f"pledges/{PARIS}/history/", {}),
        (f"pledges/{PARIS}/proof/", {}),
        ("changes/", {"from": "0", "actor": "state-fr"}),
        ("pledges/", {"actor": "state-fr", "format": "csv"}),
    ],
)
def test_every_answer_names_the_address_that_answers_the_same_for_ever(api, publishing, path, parameters):
    def body(response):
        return b"".join(response) if response.streaming else response.content

    first = api.ask(path, **parameters)
    before, link = body(first), first.headers["Link"]
    assert link.startswith(f"<{BASE}/api/v1/{path}?") and link.split(", ")[0].endswith('>; rel="cite-as"')

    revise(publishing, title_en="Host the next summit", note_en="Late.")

    again = api.client.get(link.removeprefix(f"<{BASE}").partition(">")[0])
    assert again.headers["Data-Version"] == first.headers["Data-Version"]
    assert body(again).replace(b"\r", b"") == before.replace(b"\r", b"")


def test_a_style_or_a_filter_that_is_unknown_is_refused(api):
    assert "apa" in api.problem(CITATION, style="ap")["detail"]
    assert api.problem("pledges/citation/", actor="state-frr")["code"] == "unknown_ref"
    assert api.problem(CITATION.replace(PARIS, f"{PARIS}x"))["status"] == 404
    assert api.ask(CITATION, headers={"accept": "image/png"}).status_code == 406
