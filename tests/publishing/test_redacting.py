"""What must not stay public is taken out of every version, the chain holds, and the ledger says so."""

import subprocess
import sys
from datetime import UTC, date, datetime

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from catalog.models import Actor
from config import embedded
from publishing import ledger
from publishing.actions import publish, unpublish
from publishing.admin.edits import edits_of
from publishing.errors import NotAllowedToPublish, NoteMissing, NothingToRedact, RedactionClosed
from publishing.models import Document, LedgerEntry, PendingEdit, PendingRedaction, Publishable, Redaction
from publishing.pending import keep_edit
from publishing.redacting import prepare_redaction, redact
from tests.admin.conftest import desk_of, key_of
from tests.admin.test_roles import person
from tests.commitments.world import decide, load, records
from tests.publishing.test_merging import api, get
from tests.publishing.test_verifying import VERIFIER, superuser
from tracking.models import Decision

__all__ = ["superuser"]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECRET = "Call Mallory at home"


@pytest.fixture
def told(world, reviewer):
    """An actor whose note told what it should not have, mended since; returns the version that had it."""
    acme = Actor.objects.get(ref="acme")
    acme.note_en, acme.note_zh = f"{SECRET}, 555-0100.", "顶点公司。"
    acme.save()
    publish(things=[acme.pk], by=reviewer)
    version = ledger.head().seq
    acme.note_en = "A company."
    acme.save()
    publish(things=[acme.pk], by=reviewer)
    return version


def redacted(ref, fields, by, *, also_present=False, **notes):
    thing = Publishable.objects.get(ref=ref)
    notes = notes or {"note_en": "personal data", "note_zh": "个人信息"}
    redaction = prepare_redaction(thing=thing, fields=fields, also_present=also_present, by=by, now=NOW, **notes)
    return redact(redaction=redaction, by=by, now=NOW)


def everything_public(version):
    paths = ("ledger/?documents=true&page_size=500", "actors/", f"actors/?version={version}", "actors/?q=mallory")
    return "".join(get(f"/api/v1/{path}").content.decode() for path in paths)


def test_a_text_is_gone_from_every_version_and_what_stands_now_is_left_alone(told, reviewer):
    pinned = get(f"/api/v1/actors/acme/?version={told}")
    assert SECRET in everything_public(told)
    whole = api(f"actors/acme/?version={told}")

    redacted("acme", ["note_en"], reviewer)

    day = f"{LedgerEntry.objects.latest('seq').recorded_at:%Y-%m-%d}"
    then = api(f"actors/acme/?version={told}")
    assert then["note_en"] == f"[redacted on {day}: personal data]"
    assert {name for name in whole if name != "ledger" and whole[name] != then[name]} == {"note_en"}
    assert api("actors/acme/")["note_en"] == "A company."
    assert SECRET not in everything_public(told)
    assert api("actors/?q=mallory&count=true")["count"] == 0
    again = Client().get(f"/api/v1/actors/acme/?version={told}", headers={"If-None-Match": pinned.headers["ETag"]})
    assert again.status_code == 200
    last = LedgerEntry.objects.latest("seq")
    assert (last.action, last.ref, last.change.act) == ("redacted", "acme", "redact")
    call_command("verify_ledger")
    assert not any(SECRET in str(edit.fields) for edit in edits_of(Actor.objects.get(ref="acme")))


def test_the_ledger_says_which_documents_and_fields_and_why_and_never_who(told, reviewer):
    redacted("acme", ["note_en", "note_zh"], reviewer)

    (row,) = api("ledger/?documents=true&action=redacted")["results"]
    (document,) = row["document"]["documents"]
    assert (document["seq"], document["fields"]) == (told, ["note_en"])
    assert (row["document"]["note_en"], row["document"]["note_zh"]) == ("personal data", "个人信息")
    assert "reviewer" not in str(row)
    (kept,) = api(f"ledger/?documents=true&seq__gte={told}&seq__lte={told}")["results"]
    hashed = ledger.document_hash(salt=bytes.fromhex(kept["salt"]), document=kept["document"])
    assert hashed == document["document_hash"] != kept["document_hash"]


def test_the_reason_of_a_status_is_taken_out_where_it_stands_and_the_status_stays(world, reviewer):
    change = decide("accord.report.acme", "fulfilled", on=date(2026, 11, 20), by=reviewer, reason_en=f"{SECRET}.")
    before = ledger.head().seq

    redacted("chg.accord.report.acme.2026-11-20", ["reason_en"], reviewer, also_present=True, note_zh="诽谤")

    shown = api(f"pledges/accord.report.acme/?version={before}")
    assert shown["status"] == "fulfilled"
    assert shown["history"][0]["reason_en"].endswith(": 诽谤]")
    assert SECRET not in get(f"/en/records/accord.report.acme/?version={before}").content.decode()
    change.refresh_from_db()
    decision = Decision.objects.get(status_change=change)
    assert {change.reason_en, decision.reason_en} == {shown["history"][0]["reason_en"]}
    assert change.reason_zh == decision.reason_zh == "报告已公布。"
    assert not any(SECRET in str(edit.fields) for edit in edits_of(decision))
    call_command("verify_ledger")


def test_what_was_unpublished_loses_its_texts_in_the_row_too_and_edits_that_wait_lose_theirs(told, reviewer):
    thing = Publishable.objects.get(ref="bolt")
    edit = keep_edit(thing=thing, form={"note_en": [SECRET]}, differences=[], by=person("emma", "editor"), now=NOW)
    Actor.objects.filter(ref="bolt").update(note_en=SECRET)
    publish(things=[thing.pk], by=reviewer)
    unpublish(thing=thing, note_en="A person.", note_zh="", by=reviewer)

    redacted("bolt", ["name_en", "note_en"], reviewer)

    bolt = Actor.objects.get(ref="bolt")
    assert SECRET not in bolt.note_en
    assert bolt.name_en.startswith("[redacted on ")
    assert PendingEdit.objects.get(pk=edit.pk).form == {}
    call_command("verify_ledger")
    publish(things=[thing.pk], by=reviewer)
    assert api("actors/bolt/")["name_en"] == bolt.name_en


def test_redacting_again_and_publishing_anew_keep_the_books_whole(told, reviewer):
    redacted("acme", ["note_en"], reviewer)
    redacted("acme", ["note_en", "note_zh", "name_zh"], reviewer, also_present=True)
    acme = Actor.objects.get(ref="acme")
    assert acme.note_en.startswith("[redacted on ")
    call_command("verify_ledger")

    acme.note_en = "A company."
    acme.save()
    publish(things=[acme.pk], by=reviewer)

    assert api("actors/acme/")["note_en"] == "A company."
    call_command("verify_ledger")


def test_what_cannot_be_redacted_is_refused_and_nothing_is_written(told, reviewer):
    before = ledger.head()
    emma = person("emma", "editor")
    thing = Publishable.objects.get(ref="acme")

    for fields, refusal, notes in (
        (["note_en"], NoteMissing, {"note_en": " "}),
        (["ref", "kind", "website"], NothingToRedact, {}),
        ([], NothingToRedact, {}),
        (["name_en"], NothingToRedact, {}),
    ):
        with pytest.raises(refusal):
            redacted("acme", fields, reviewer, **notes)
    waiting = prepare_redaction(
        thing=thing, fields=["note_en"], also_present=False, by=emma, now=NOW, note_en="personal data"
    )
    with pytest.raises(NotAllowedToPublish):
        redact(redaction=waiting, by=emma, now=NOW)
    assert (ledger.head(), Redaction.objects.count()) == (before, 0)

    redact(redaction=waiting, by=reviewer, now=NOW)
    with pytest.raises(RedactionClosed):
        redact(redaction=waiting, by=reviewer, now=NOW)
    assert LedgerEntry.objects.filter(action="redacted").count() == 1


@pytest.fixture
def committed(transactional_db, tmp_path, django_user_model):
    load(tmp_path / "world", records(2026))
    by = django_user_model.objects.create_superuser("reviewer")
    change = decide("accord.report.acme", "fulfilled", on=date(2026, 11, 20), by=by, reason_en=f"{SECRET}.")
    redacted(change.ref, ["reason_en"], by, also_present=True)
    return change


ENTRY = (
    "INSERT INTO publishing_ledgerentry"
    " (seq, recorded_at, action, resource, ref, change_id, document_hash, previous_hash, hash)"
    " SELECT seq + 1, clock_timestamp(), 'redacted', 'actors', 'acme', change_id, hash, hash, hash"
    " FROM publishing_ledgerentry ORDER BY seq DESC LIMIT 1"
)
SAID = (
    "INSERT INTO publishing_redaction (seq, thing_id, salt, body)"
    " SELECT (SELECT max(seq) - %s FROM publishing_ledgerentry), id, 'x', jsonb_build_object("
    "'words', jsonb_build_object('note_en', 'Gone'), 'documents', jsonb_build_array(jsonb_build_object("
    "'seq', (SELECT min(from_seq) FROM publishing_document WHERE thing_id = id),"
    " 'fields', jsonb_build_array('note_en')))) FROM publishing_publishable WHERE ref = 'acme'"
)
REDACT = (
    "SELECT publishing_redact(array_agg(from_seq), array_agg('yy'::bytea)) FROM (SELECT min(from_seq) AS from_seq"
    " FROM publishing_document WHERE thing_id = (SELECT id FROM publishing_publishable WHERE ref = %s)) first"
)
LIES = """UPDATE publishing_document SET body = body || '{"note_en": "Lies"}', salt = 'y' WHERE from_seq ="""
LIES += """ (SELECT max((body -> 'documents' -> 0 ->> 'seq')::bigint) FROM publishing_redaction WHERE salt = 'x')"""


def forged(connection, *statements):
    with pytest.raises(psycopg.Error) as refused, connection.transaction():
        for statement, *given in statements:
            connection.execute(statement, given)
    return str(refused.value)


def test_the_running_role_takes_nothing_out_but_what_a_redaction_under_way_names(committed, connected_as):
    app, owner = connected_as(embedded.APP), connected_as(embedded.OWNER)
    before = set(Document.objects.values_list("pk", "body__note_en"))

    denied = [
        """UPDATE publishing_document SET body = body || '{"note_en": "Gone"}', salt = 'y'""",
        "UPDATE publishing_redaction SET body = '{}'",
        "DELETE FROM publishing_redaction",
        "TRUNCATE publishing_redaction",
    ]
    assert all("permission denied" in forged(app, [statement]) for statement in denied)
    assert all("append-only" in forged(owner, [statement]) for statement in denied)
    assert "only a redaction" in forged(app, [REDACT, "acme"])
    assert "only a redaction" in forged(app, [REDACT, committed.ref])
    assert "belongs to no position" in forged(app, [SAID, 1])
    assert "only a redaction" in forged(app, [ENTRY], [SAID, 0], [REDACT, "bolt"])
    assert "only a redaction" in forged(owner, [ENTRY], [SAID, 0], [LIES])
    assert "never altered" in forged(app, ["UPDATE tracking_statuschange SET reason_en = 'Other'"])
    assert "never changed" in forged(app, ["UPDATE tracking_decision SET reason_en = 'Other'"])
    assert set(Document.objects.values_list("pk", "body__note_en")) == before
    call_command("verify_ledger")


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "UPDATE publishing_document SET body = body - 'note_en', salt = 'y' WHERE from_seq = 5",
            "document of position 5 (acme): it does not give the hash",
        ),
        ("DELETE FROM publishing_redaction", "what it took out is not said"),
        ('UPDATE publishing_redaction SET body = body || \'{"note_en": ""}\'', "does not give the hash"),
    ],
)
def test_a_text_taken_out_without_a_redaction_is_named(committed, superuser, statement, named):
    superuser.execute(statement)

    with pytest.raises(CommandError) as broken:
        call_command("verify_ledger")

    assert named in str(broken.value)


def test_a_strangers_verifier_accepts_a_redaction_and_names_what_was_taken_out_without_one(
    committed, live_server, superuser
):
    def ask():
        return subprocess.run(
            [sys.executable, "-I", str(VERIFIER), f"{live_server.url}/api/v1/ledger/"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    head, first = ledger.head(), ask()
    position = committed.seq
    superuser.execute("UPDATE publishing_document SET salt = 'y' WHERE from_seq = %s", [position])
    second = ask()

    assert (first.returncode, first.stdout.splitlines()[-1]) == (0, f"{head.seq}:{head.hash}"), first.stderr
    assert second.returncode == 1
    assert f"position {position} (chg." in second.stderr


def test_two_people_redact_in_the_admin_and_see_before_what_would_go(told, settings):
    settings.TWO_PERSON_RULE = True
    emma, rita = (desk_of(person(name, "editor", "reviewer")) for name in ("emma", "rita"))
    path = f"/admin/catalog/actor/{key_of('acme')}"
    assert f"{path}/redact/" in emma.open(f"{path}/change/").text
    form = emma.open(f"{path}/redact/")
    refused = emma.send(form, "_look", note_en="", fields_=["note_en"])
    assert "Say why" in refused.text
    shown = emma.send(form, "_look", note_en="personal data", fields_=["note_en"], also_present=[])
    waiting = PendingRedaction.objects.get()
    own = f"/admin/publishing/pendingredaction/{waiting.pk}"
    assert SECRET in shown.text
    assert "A company." not in shown.text
    assert "another person has to do it" in emma.post(f"{own}/do/").text
    assert SECRET in everything_public(told)
    assert desk_of(person("eve", "administrator")).post(f"{own}/do/").status == 403

    done = rita.post(f"{own}/do/")

    assert "gone from all versions" in done.text
    assert SECRET not in done.text + everything_public(told)
    assert SECRET not in rita.open(f"{path}/history/").text
