"""One thing that was recorded twice becomes one again: where the old ref leads, what moves, and how it is undone."""

import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from config import embedded
from publishing import ledger
from publishing.actions import publish, unpublish
from publishing.errors import ItIsMerged, MergerClosed, MergeTheseFirst, NotMergeable, NotPublic, PartOfEachOther
from publishing.merging import merge, prepare_merger, undo_merger
from publishing.models import Document, LedgerEntry, Merger, Publishable
from subscriptions.models import Subscription
from tests.commitments.world import SOURCES, both, decide, load, records
from tests.publishing.test_verifying import VERIFIER, superuser
from tracking.actions import approve_decision, prepare_decision
from tracking.actions.errors import EvidenceCited, RecordMovedOn
from tracking.models import Decision, Finding, Record

__all__ = ["superuser"]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GONE = {"forum-2", "chg.forum-2"}


def mechanism(ref, **more):
    return {
        "ref": ref,
        "kind": "dialogue",
        **both("title", "AI Forum", "人工智能论坛"),
        **both("summary", "It meets.", "举行会议。"),
        "sources": SOURCES,
        **more,
    }


def status_change(record, status, day):
    return {
        "ref": f"chg.{record}",
        "record": record,
        "status": status,
        "effective_on": day,
        **both("reason", "It met.", "举行了会议。"),
        "evidence": [f"evd-{record}"],
    }


def shown(record):
    return {
        "ref": f"evd-{record}",
        "record": record,
        "source": "src-report",
        "stance": "supports",
        "observed_on": "2026-11-20",
        **both("shows", "It met.", "举行了会议。"),
    }


def twice():
    """Return the world with a mechanism and an actor that stand in it twice."""
    world = records(2026)
    world["actors"].append(
        {"ref": "acme-inc", "kind": "company", **both("name", "Acme Inc.", "顶点"), "sources": SOURCES}
    )
    world["signatures"] = [{"instrument": "accord", "actor": who, "sources": SOURCES} for who in ("acme", "acme-inc")]
    world["commitments"].append(
        world["commitments"][1] | {"ref": "archive.wages", "instrument": "archive", "bound": ["acme-inc"]}
    )
    world["mechanisms"] = [
        mechanism("forum", members=["acme", "bolt"]),
        mechanism("forum-2", members=["acme", "acme-inc"]),
        mechanism("track", parent="forum-2"),
    ]
    world["events"] = [
        {
            "ref": "forum-2026",
            "mechanism": "forum-2",
            **both("title", "Forum of 2026", "2026年论坛"),
            "starts_on": "2026-02",
            "state": "held",
            "sources": SOURCES,
        }
    ]
    world["evidence"] += [shown("forum"), shown("forum-2")]
    world["responses"] = [
        {
            "ref": "rsp-forum",
            "record": "forum-2",
            "actor": "bolt",
            "stated_on": "2026-11-21",
            **both("gist", "It never met.", "从未举行。"),
            "disputes": True,
            "source": "src-report",
        }
    ]
    world["status-changes"] = [
        status_change("forum", "announced", "2026-01-10"),
        status_change("forum-2", "active", "2026-02-10"),
    ]
    return world


@pytest.fixture
def world(db, tmp_path):
    load(tmp_path / "world", twice())


def merger_of(old, into, by, **notes):
    found = {thing.ref: thing for thing in Publishable.objects.filter(ref__in=[old, into])}
    return prepare_merger(old=found[old], into=found[into], by=by, now=NOW, **notes)


def merged(old, into, by, **notes):
    merger = merger_of(old, into, by, **notes)
    merge(merger=merger, by=by, now=NOW)
    merger.refresh_from_db()
    return merger


def undone(merger, by):
    undo_merger(merger=merger, by=by, now=NOW)


def get(path, status=200):
    response = Client().get(path)
    assert response.status_code == status, response.content
    return response


def api(path, status=200):
    response = get(f"/api/v1/{path}", status)
    return response.json() if status == 200 else response


def leads(path):
    response = get(path, 301)
    assert response.headers["Cache-Control"].endswith("no-cache")
    found = urlsplit(response.headers["Location"])
    return f"{found.path}?{found.query}" if found.query else found.path


def refs(path, version=None):
    """Return the refs of a list, now or at a version."""
    pinned = f"&version={version}" if version is not None else ""
    return [each["ref"] for each in api(f"{path}{pinned}")["results"]]


def test_the_old_ref_leads_to_the_one_that_stays_in_both_languages_and_in_the_api(world, reviewer):
    before = ledger.head().seq

    merged("forum-2", "forum", reviewer, note_en="One and the same.")

    assert leads("/en/records/forum-2/") == "/en/records/forum/"
    assert leads("/zh-hans/records/forum-2/?as_of=2026-03-01") == "/zh-hans/records/forum/?as_of=2026-03-01"
    assert leads("/api/v1/mechanisms/forum-2/?fields=ref") == "/api/v1/mechanisms/forum/?fields=ref"
    assert leads("/api/v1/records/forum-2/") == "/api/v1/records/forum/"
    pinned = f"?version={ledger.head().seq}"
    assert leads(f"/api/v1/mechanisms/forum-2/{pinned}") == f"/api/v1/mechanisms/forum/{pinned}"
    page = get("/zh-hans/records/forum/").content.decode()
    assert "“forum-2”此前单独记录" in page
    assert f'href="/zh-hans/records/forum-2/?version={before}"' in page
    note = api("status-changes/chg.forum-2/", 410).json()["note_zh"]
    assert "它属于“forum-2”，后者已并入“forum”" in note


def test_what_was_merged_is_in_no_list_count_or_search_any_more_and_stands_at_earlier_versions(world, reviewer):
    before = ledger.head().seq
    asked = (
        "mechanisms/?count=true&q=forum",
        "status-changes/?count=true",
        "mechanisms/?status=active",
    )
    earlier = [api(f"{path}{'&' if '?' in path else '?'}version={before}") for path in asked]
    then = api(f"mechanisms/forum-2/?version={before}")

    merged("forum-2", "forum", reviewer)

    assert [api(f"{path}{'&' if '?' in path else '?'}version={before}") for path in asked] == earlier
    assert api(f"mechanisms/forum-2/?version={before}") == then
    assert api(f"status-changes/chg.forum-2/?version={before}")["status"] == "active"
    assert "Forum of 2026" in get(f"/en/records/forum-2/?version={before}").content.decode()
    now = api("mechanisms/?count=true&q=forum")
    assert (now["count"], [each["ref"] for each in now["results"]]) == (2, ["forum", "track"])
    assert api("status-changes/?count=true")["count"] == 1
    assert api("mechanisms/?status=active")["results"] == []
    assert "forum-2" not in get("/en/records/?q=forum").content.decode()


def test_a_list_that_is_filtered_by_the_old_ref_is_that_of_the_one_that_stays(world, reviewer):
    before = ledger.head().seq
    asked = [
        "mechanisms/?fields=ref&ref={}",
        "events/?fields=ref&mechanism__in={}",
        "events/?fields=ref&mechanism__not={}",
    ]
    stood = [refs(path.format("forum-2"), before) for path in asked]

    merged("forum-2", "forum", reviewer, note_en="The same forum.")

    for path in asked:
        now = refs(path.format("forum-2"))
        assert now == refs(path.format("forum")) == refs(path.format("forum-2"), ledger.head().seq)
    assert refs(asked[0].format("forum-2")) == ["forum"]
    assert [refs(path.format("forum-2"), before) for path in asked] == stood


def test_what_led_to_the_old_one_leads_to_the_other_and_statuses_stay_where_they_were_decided(world, reviewer):
    follower = Subscription.objects.create(email="ada@example.org", requested_at=NOW)
    both_of_them = Subscription.objects.create(email="bo@example.org", requested_at=NOW)
    follower.follows.set(Publishable.objects.filter(ref="forum-2"))
    both_of_them.follows.set(Publishable.objects.filter(ref__in=["forum", "forum-2"]))
    record = Record.objects.get(ref="forum-2")
    finding = Finding.objects.create(record=record, kind="not_reviewed", fingerprint="1", found_at=NOW)
    before = ledger.head().seq

    merged("forum-2", "forum", reviewer)

    forum = api("mechanisms/forum/")
    assert [each["ref"] for each in forum["events"]] == ["forum-2026"]
    assert [each["ref"] for each in forum["parts"]] == ["track"]
    assert {each["ref"] for each in forum["evidence"]} == {"evd-forum", "evd-forum-2"}
    assert (forum["status"], forum["contested"], len(forum["history"])) == ("announced", True, 1)
    assert api("mechanisms/forum/?as_of=2026-01-01")["status"] == "not_assessed"
    stood = {ref: api(f"mechanisms/{ref}/?version={before}") for ref in ("forum", "forum-2")}
    assert [stood[ref]["contested"] for ref in ("forum", "forum-2")] == [False, True]
    assert api(f"mechanisms/forum-2/?version={before}&as_of=2026-02-10")["status"] == "active"
    assert [each["ref"] for each in api(f"mechanisms/?contested=true&version={before}")["results"]] == ["forum-2"]
    assert [each["ref"] for each in api("mechanisms/?contested=true")["results"]] == ["forum"]
    assert {each.follows.get().ref for each in (follower, both_of_them)} == {"forum"}
    finding.refresh_from_db()
    assert finding.state == "lapsed"
    rows = LedgerEntry.objects.filter(seq__gt=before).order_by("seq").values_list("action", "ref", "change__act")
    assert list(rows[:3]) == [
        ("merged", "forum-2", "merge"),
        ("absorbed", "forum", "merge"),
        ("merged", "chg.forum-2", "merge"),
    ]
    call_command("verify_ledger")


def test_a_merger_is_undone_by_further_rows_and_each_has_its_own_again(world, reviewer):
    both_of_them = Subscription.objects.create(email="bo@example.org", requested_at=NOW)
    both_of_them.follows.set(Publishable.objects.filter(ref__in=["forum", "forum-2"]))
    stood = {ref: api(f"mechanisms/{ref}/") for ref in ("forum", "forum-2")}
    merger = merged("forum-2", "forum", reviewer)
    between = ledger.head().seq

    undone(merger, reviewer)

    own = ("title_en", "status", "status_since", "contested", "members")
    for ref, before in stood.items():
        after = api(f"mechanisms/{ref}/")
        assert {name: after[name] for name in own} == {name: before[name] for name in own}
        for name in ("evidence", "events", "parts", "responses", "history"):
            assert [each["ref"] for each in after[name]] == [each["ref"] for each in before[name]]
    assert both_of_them.follows.count() == 2
    assert set(LedgerEntry.objects.filter(ref__in=GONE, seq__gt=between).values_list("action", flat=True)) == {
        "published"
    }
    assert LedgerEntry.objects.latest("seq").change.act == "separate"
    assert api(f"mechanisms/forum/?version={between}")["events"] != []
    call_command("verify_ledger")
    with pytest.raises(MergerClosed):
        undone(merger, reviewer)
    undone(merged("forum-2", "forum", reviewer), reviewer)
    call_command("verify_ledger")


def test_evidence_that_a_later_status_stands_on_keeps_a_merger_from_being_undone(world, reviewer):
    merger = merged("forum-2", "forum", reviewer)
    decide("forum", "active", on=NOW.date(), by=reviewer)
    before = ledger.head()

    with pytest.raises(EvidenceCited):
        undone(merger, reviewer)

    assert ledger.head() == before
    assert leads("/en/records/forum-2/") == "/en/records/forum/"


def test_a_decision_in_preparation_moves_along_and_has_to_be_looked_at_again(world, reviewer):
    record = Record.objects.get(ref="forum-2")
    decision = prepare_decision(
        record=record,
        status="dormant",
        effective_on=NOW.date(),
        evidence=list(record.evidence.all()),
        by=reviewer,
        now=NOW,
        reason_en="Nothing since.",
    )

    merged("forum-2", "forum", reviewer)

    moved = Decision.objects.get(pk=decision.pk)
    assert moved.record.ref == "forum"
    with pytest.raises(RecordMovedOn):
        approve_decision(decision=moved, by=reviewer, now=NOW)


def test_the_signatures_and_pledges_of_an_actor_move_and_what_would_be_there_twice_is_merged_along(world, reviewer):
    merger = merged("acme-inc", "acme", reviewer)

    assert leads("/en/actors/acme-inc/") == "/en/actors/acme/"
    assert leads("/en/records/?actor=acme-inc&sort=title") == "/en/records/?actor=acme&sort=title"
    assert leads("/api/v1/signatures/signature.accord.acme-inc/") == "/api/v1/signatures/signature.accord.acme/"
    assert api("pledges/archive.wages.acme-inc/")["actor"]["ref"] == "acme"
    assert api("commitments/archive.wages/")["bound"] == ["acme"]
    assert api("mechanisms/forum-2/")["members"] == ["acme"]
    assert "recorded separately before" in get("/en/actors/acme/").content.decode()
    call_command("verify_ledger")

    undone(merger, reviewer)

    assert api("pledges/archive.wages.acme-inc/")["actor"]["ref"] == "acme-inc"
    assert api("mechanisms/forum-2/")["members"] == ["acme", "acme-inc"]
    assert api("signatures/signature.accord.acme-inc/")["actor"]["ref"] == "acme-inc"
    call_command("verify_ledger")


def test_pledges_that_would_be_there_twice_are_merged_along_where_no_status_goes_with_them(world, tmp_path, reviewer):
    doubled = records(2026)["commitments"][1] | {"bound": ["acme", "acme-inc"]}
    recurring = records(2026)["commitments"][2] | {"bound": ["acme", "acme-inc", "bolt"]}
    load(tmp_path / "doubled", {"commitments": [doubled, recurring]})
    load(tmp_path / "more", {"evidence": [shown("accord.wages.acme-inc")]})
    periods = set(Publishable.objects.filter(ref__startswith="accord.yearly.acme-inc").values_list("ref", flat=True))

    merger = merged("acme-inc", "acme", reviewer)

    assert leads("/en/records/accord.wages.acme-inc/") == "/en/records/accord.wages.acme/"
    assert len(periods) > 1
    assert all(leads(f"/en/records/{ref}/").startswith("/en/records/accord.yearly.acme") for ref in periods)
    evidence = api("pledges/accord.wages.acme/")["evidence"]
    assert {each["ref"] for each in evidence} == {"evd-wages", "evd-accord.wages.acme-inc"}
    call_command("verify_ledger")

    undone(merger, reviewer)

    assert [each["ref"] for each in api("pledges/accord.wages.acme-inc/")["evidence"]] == ["evd-accord.wages.acme-inc"]
    assert all(get(f"/en/records/{ref}/").status_code == 200 for ref in periods)
    call_command("verify_ledger")


def test_what_cannot_be_one_and_the_same_is_refused_and_nothing_is_written(world, tmp_path, reviewer):
    doubled = records(2026)["commitments"][1] | {"bound": ["acme", "acme-inc"]}
    pledge = "accord.wages.acme-inc"
    load(tmp_path / "doubled", {"commitments": [doubled]})
    load(
        tmp_path / "more",
        {"evidence": [shown(pledge)], "status-changes": [status_change(pledge, "stalled", "2026-11-20")]},
    )
    before, bolt = ledger.head(), Publishable.objects.get(ref="bolt")

    for old, into, refusal in (
        ("acme", "acme", NotMergeable),
        ("acme", "forum", NotMergeable),
        ("safety", "labour", NotMergeable),
        ("forum-2", "track", PartOfEachOther),
        ("track", "forum-2", PartOfEachOther),
        ("acme-inc", "acme", MergeTheseFirst),
    ):
        with pytest.raises(refusal):
            merger_of(old, into, reviewer)
    assert (ledger.head(), Merger.objects.count()) == (before, 0)

    merged("accord.wages.acme-inc", "accord.wages.acme", reviewer)
    merged("acme-inc", "acme", reviewer)
    unpublish(thing=bolt, note_en="No company.", note_zh="", by=reviewer)
    with pytest.raises(NotMergeable):
        merger_of("acme", "bolt", reviewer)
    call_command("verify_ledger")


def test_what_was_merged_comes_back_by_undoing_it_and_in_no_other_way(world, reviewer):
    merger = merged("forum-2", "forum", reviewer)
    before = ledger.head()

    with pytest.raises(ItIsMerged):
        publish(things=[merger.old_id], by=reviewer)

    assert ledger.head() == before


def test_a_thing_that_took_another_one_in_can_be_merged_itself_and_both_refs_lead_to_the_last(
    world, tmp_path, reviewer
):
    load(tmp_path / "third", {"mechanisms": [mechanism("forum-3")]})
    first = merged("forum-2", "forum", reviewer)

    second = merged("forum", "forum-3", reviewer)

    assert leads("/en/records/forum-2/") == leads("/en/records/forum/") == "/en/records/forum-3/"
    call_command("verify_ledger")
    with pytest.raises(NotPublic):
        undone(first, reviewer)

    undone(second, reviewer)
    assert leads("/en/records/forum-2/") == "/en/records/forum/"
    undone(first, reviewer)
    assert api("mechanisms/forum-2/")["status"] == "active"
    call_command("verify_ledger")


@pytest.fixture
def committed(transactional_db, tmp_path, django_user_model):
    load(tmp_path / "world", twice())
    return merged("forum-2", "forum", django_user_model.objects.create_superuser("reviewer"))


LEAD = (
    "UPDATE publishing_publishable SET state = 'merged', unpublished_note_en = 'x',"
    " merged_into_id = (SELECT id FROM publishing_publishable WHERE ref = %s) WHERE ref = %s"
)


@pytest.mark.parametrize("role", [embedded.APP, embedded.OWNER])
@pytest.mark.parametrize(
    ("into", "ref"), [("forum", "forum"), ("forum-2", "track"), ("track", "forum"), ("acme", "forum")]
)
def test_the_database_refuses_circles_chains_and_other_kinds(committed, connected_as, role, into, ref):
    with pytest.raises(psycopg.Error, match="straight|own kind|merged_into_another"):
        connected_as(role).execute(LEAD, [into, ref])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM publishing_merger",
        "UPDATE publishing_merger SET into_id = (SELECT id FROM publishing_publishable WHERE ref = 'track')",
        "UPDATE publishing_merger SET state = 'waiting', closed_by_id = NULL, closed_at = NULL, done_in_id = NULL",
    ],
)
def test_a_merger_that_was_done_stays_in_the_books(committed, connected_as, statement):
    with pytest.raises(psycopg.Error, match="not changed like that"):
        connected_as(embedded.APP).execute(statement)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "UPDATE publishing_publishable SET merged_into_id ="
            " (SELECT id FROM publishing_publishable WHERE ref = 'track') WHERE ref = 'forum-2'",
            "forum-2: it leads to something else than the ledger says",
        ),
        (
            "UPDATE publishing_publishable SET state = 'unpublished', merged_into_id = NULL WHERE ref = 'forum-2'",
            "forum-2: the ledger says that it was merged",
        ),
        (
            "UPDATE publishing_publishable SET state = 'merged', unpublished_note_en = 'x' WHERE ref = 'rsp-forum'",
            "rsp-forum: the ledger has it as public",
        ),
    ],
)
def test_a_merger_behind_the_ledger_is_named(committed, superuser, statement, named):
    superuser.execute(statement)

    with pytest.raises(CommandError) as broken:
        call_command("verify_ledger")

    assert named in str(broken.value)


def test_a_strangers_verifier_comes_to_the_same_head_with_a_merger_in_it(committed, live_server):
    found = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), f"{live_server.url}/api/v1/ledger/"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    head = ledger.head()
    assert (found.returncode, found.stdout.splitlines()[-1]) == (0, f"{head.seq}:{head.hash}")
    kept = Document.objects.get(thing__ref="forum-2")
    (row,) = api(f"ledger/?documents=true&seq__gte={kept.pk}&seq__lte={kept.pk}")["results"]
    assert row["document"] == kept.body
