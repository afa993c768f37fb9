"""Drafts are seen nowhere; what was unpublished says why, and is seen nowhere else, at any version."""

from typing import Any

import pytest
from model_bakery import baker

from catalog.models import Actor
from commitments.models import Commitment
from publishing.actions import unpublish
from publishing.models import Publishable
from tests.api.test_details import PAGE, PARIS
from tests.api.test_lists import COLLECTIONS, RESOURCES
from tracking.models import Evidence, Record, Response

SECRET = "quagga"
UNCITED = "evd-un-panel-brief"


def draft_of(model: str, **fields: Any) -> Any:
    """Make a draft; it is saved under the name of its own resource."""
    return baker.make(model, resource="", **fields)


def everything(api, **given):
    """Yield the text of every list, whole, in every way in which it can be asked."""
    for name in COLLECTIONS:
        for parameters in (given, given | {"format": "csv"}, given | {"format": "jsonl"}):
            if name in ("ledger", "ledger/heads", "changes"):
                parameters = {key: value for key, value in parameters.items() if key not in ("version", "as_of")}
            if name == "ledger":
                parameters = parameters | {"documents": "true", "ordering": "-seq"}
            if "format" not in parameters:
                parameters = parameters | {"page_size": 500}
            response = api.ask(f"{name}/", **parameters)
            assert response.status_code == 200
            yield name, response.getvalue().decode()


def test_drafts_are_seen_nowhere(api):
    words: dict[str, Any] = {"title_en": SECRET, "title_zh": SECRET}
    record = Record.objects.get(ref=PARIS)
    source = Evidence.objects.get(ref="evd-paris-held").source
    commitment = Commitment.objects.get(ref="cap24-group-of-friends")
    drafts = [
        draft_of("catalog.Theme", ref=f"{SECRET}-theme", label_en=SECRET, label_zh=SECRET),
        draft_of("catalog.Actor", ref=f"{SECRET}-actor", name_en=SECRET, name_zh=SECRET),
        draft_of("sources.Source", ref=f"{SECRET}-source", kind="document", title=SECRET),
        draft_of("commitments.Instrument", ref=f"{SECRET}-instrument", **words),
        draft_of("commitments.Pledge", ref=f"{SECRET}-pledge", commitment=commitment, **words),
        draft_of("mechanisms.Mechanism", ref=f"{SECRET}-mechanism", **words),
        draft_of("mechanisms.Proposal", ref=f"{SECRET}-proposal", **words),
        draft_of("tracking.Evidence", ref=f"{SECRET}-evidence", record=record, source=source, shows_en=SECRET),
        draft_of(
            "tracking.Response", ref=f"{SECRET}-response", record=record, source=source, actor=record.actor,
            gist_en=SECRET, gist_zh=SECRET, disputes=True,
        ),
    ]  # fmt: skip
    version = api.get("")["version"]

    for _name, text in [*everything(api), *everything(api, version=version, as_of="2026-01-01")]:
        assert SECRET not in text
    for name in RESOURCES:
        assert api.get(f"{name}/", q=SECRET)["results"] == []
        for draft in drafts:
            assert api.problem(f"{name}/{draft.ref}/")["status"] == 404
            assert "url" not in api.problem(f"{name}/{draft.ref}/", version=version)
        assert SECRET not in api.problem(f"{name}/quagg-actor/")["detail"]
    for parameter in ("actor", "theme", "instrument"):
        problem = api.problem("pledges/", **{parameter: f"{SECRET}-{parameter}"})
        assert problem["code"] == "unknown_ref"
        assert problem["detail"].endswith(f"Nothing here is called “{SECRET}-{parameter}”.")
    detail = api.ask(PAGE).content.decode()
    assert SECRET not in detail
    assert '"contested":false' in detail
    assert api.problem("ledger/", ref=f"{SECRET}-actor")["code"] == "unknown_ref"


@pytest.mark.parametrize("name", [name for name in RESOURCES if name != "records"])
def test_what_was_unpublished_answers_410_with_its_note_and_is_in_no_list(api, editor, name):
    version = api.get("")["version"]
    thing = Publishable.objects.get(
        ref=UNCITED if name == "evidence" else api.refs(f"{name}/", page_size=1, ordering="-ref")[0]
    )
    # A published status is never taken back by itself, only with its record.
    taken = thing.as_statuschange.record if name == "status-changes" else thing

    unpublish(thing=taken, note_en="It was somebody else.", note_zh="弄错了人。", by=editor)

    for parameters in ({}, {"version": version}, {"as_of": "2026-01-01"}, {"fields": "ref"}):
        problem = api.problem(f"{name}/{thing.ref}/", **parameters)
        assert (problem["status"], problem["code"]) == (410, "unpublished")
        assert (problem["note_en"], problem["note_zh"]) == ("It was somebody else.", "弄错了人。")
    for parameters in ({}, {"version": version}, {"as_of": "2026-01-01"}):
        assert api.get(f"{name}/", ref=thing.ref, count="true", **parameters)["count"] == 0
        assert thing.ref not in api.refs(f"{name}/", page_size=500, ordering="-ref", **parameters)
    gone = api.get("ledger/", ref=thing.ref, documents="true")["results"]
    assert [row["action"] for row in gone] == ["published", "unpublished"]
    assert [(row["document"], row["salt"]) for row in gone] == [(None, None)] * 2


def test_evidence_that_was_unpublished_is_not_beside_its_record_at_any_version(api, editor, publishing):
    held = Evidence.objects.get(ref="evd-paris-held")
    thing = Evidence.objects.create(
        ref="evd-paris-plan",
        record=held.record,
        source=held.source,
        stance="context",
        observed_on="2025",
        shows_en="A.",
    )
    version = publishing(thing)
    assert "evd-paris-plan" in [row["ref"] for row in api.get(PAGE)["evidence"]]

    unpublish(thing=thing, note_en="The page was wrong.", note_zh="", by=editor)

    for parameters in ({}, {"version": version}):
        assert "evd-paris-plan" not in [row["ref"] for row in api.get(PAGE, **parameters)["evidence"]]


def test_a_record_is_contested_while_a_response_that_disputes_it_is_public(api, editor, publishing):
    record = Record.objects.get(ref=PARIS)
    words = {"gist_en": "It was held in time.", "gist_zh": "按时举行。", "stated_on": "2025-03-01"}
    source = Evidence.objects.get(ref="evd-paris-held").source
    france = Actor.objects.get(ref="state-fr")
    response = Response.objects.create(
        ref="france-says", record=record, source=source, actor=france, disputes=True, **words
    )
    before = api.get("")["version"]

    version = publishing(response)
    assert api.get(PAGE)["contested"] is True
    assert api.get(PAGE)["responses"][0]["gist_zh"] == "按时举行。"
    assert api.refs("pledges/", contested="true", actor="state-fr") == [PARIS]
    assert api.refs("pledges/", contested="true", actor="state-fr", version=version) == [PARIS]
    assert api.refs("pledges/", contested="true", actor="state-fr", version=before) == []

    unpublish(thing=response, note_en="France took it back.", note_zh="", by=editor)
    assert (api.get(PAGE)["contested"], api.get(PAGE)["responses"]) == (False, [])
    assert api.refs("pledges/", contested="true", actor="state-fr") == []
    assert api.refs("pledges/", contested="true", actor="state-fr", version=version) == []


def test_who_did_it_is_told_nowhere(api, publishing):
    publishing(Record.objects.get(ref=PARIS))

    for _name, text in everything(api):
        assert "quokka" not in text
    assert set(api.get("changes/")["results"][0]) == {"id", "act", "first_seq", "last_seq", "recorded_at"}
