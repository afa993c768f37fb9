"""The text of a source is kept, and evidence rests on it in public."""

import hashlib

import pytest
from django.db import IntegrityError, transaction

from publishing.models import LedgerEntry
from sources.models import Check, Snapshot, Source
from tests.admin.conftest import key_of
from tracking.models import Evidence

pytestmark = pytest.mark.django_db

TEXT = "We published our report.\n它在这里。"
HASH = hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.fixture
def page(world, desk):
    return desk.open(f"/admin/sources/source/{key_of('src-report')}/change/")


def rest_on(desk, snapshot):
    evidence = Evidence.objects.get(ref="evd-seoul.report.acme-1")
    return desk.send(desk.open(f"/admin/tracking/evidence/{evidence.pk}/change/"), "_save", snapshot=str(snapshot.pk))


def test_a_pasted_text_is_kept_once_and_each_look_is_a_check(desk, editor, page):
    positions = LedgerEntry.objects.count()

    desk.send(page, "_save", text_now=f"  {TEXT}  \r\n")
    shown = desk.send(page, "_save", text_now=TEXT.replace("\n", "\r\n"))

    (snapshot,) = Snapshot.objects.all()
    assert (snapshot.text, snapshot.hash) == (TEXT, HASH)
    assert [(check.by, check.snapshot) for check in Check.objects.all()] == [(editor, snapshot)] * 2
    assert HASH[:12] in desk.open(page.path).text
    assert shown.status == 200
    assert LedgerEntry.objects.count() == positions


def test_evidence_that_rests_on_a_kept_text_says_so_in_public(client, desk, page):
    assert client.get("/api/v1/evidence/evd-seoul.report.acme-1/").json()["kept"] is False
    desk.send(page, "_save", text_now=TEXT)

    rest_on(desk, Snapshot.objects.get())

    answer = client.get("/api/v1/evidence/evd-seoul.report.acme-1/").json()
    assert (answer["kept"], answer["snapshot_hash"]) == (True, HASH)
    assert answer["snapshot_taken_at"].endswith("Z")
    record = client.get(f"/en/records/{answer['record']['ref']}/").content.decode()
    assert f"SHA-256 {HASH[:12]}…" in record


def test_evidence_does_not_rest_on_the_text_of_another_source(desk, page):
    desk.send(page, "_save", text_now=TEXT)
    other = Source.objects.create(ref="src-other", kind="page", url="https://acme.example/", title="Other", lang="en")
    snapshot = Snapshot.objects.create(source=other, taken_at="2026-11-01T00:00Z", text=TEXT, hash=HASH)

    refused = rest_on(desk, snapshot)

    assert "This is the text of another source." in refused.text
    assert Evidence.objects.get(ref="evd-seoul.report.acme-1").snapshot is None


def test_the_database_keeps_texts_and_hashes_together(page):
    source = Source.objects.get(ref="src-report")
    with pytest.raises(IntegrityError, match="snapshot_hash_of_text"), transaction.atomic():
        Snapshot.objects.create(source=source, taken_at="2026-11-01T00:00Z", text="Another text.", hash=HASH)
