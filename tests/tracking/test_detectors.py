"""Records, and what is said about them, that ask to be looked at become findings: once each, and never a status."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from publishing import ledger
from publishing.actions import publish
from tests.commitments.world import SOURCES, decide, evidence, load, records
from tracking.actions import dismiss_finding, prepare_decision
from tracking.models import Evidence, Finding, Record

ACME, BOLT = "accord.report.acme", "accord.report.bolt"


def run(job: str, at: datetime) -> None:
    call_command("run_job", job, "--at", at.isoformat(), verbosity=0)


def run_twice(job: str, at: datetime) -> list[str]:
    """Return the refs of what the open findings are about, having run the job again to the same effect."""
    run(job, at)
    found = open_findings()
    run(job, at)
    assert open_findings() == found
    return found


def open_findings() -> list[str]:
    return sorted(finding.subject.ref for finding in Finding.objects.open().select_related("record", "about"))


class TestReviews:
    JOB = "detect_stale_records"

    def test_a_record_at_which_nobody_looked_within_its_interval_is_found_once(self, world):
        Record.objects.filter(ref=ACME).update(review_every="P30D")
        published = timezone.now()

        assert run_twice(self.JOB, published + timedelta(days=29)) == []
        assert run_twice(self.JOB, published + timedelta(days=31)) == [ACME]
        seen = Finding.objects.get().seen
        assert (seen["review_every"], seen["looked_at"], seen["status"]) == (
            "P30D",
            published.astimezone(UTC).date().isoformat(),
            "not_assessed",
        )

    def test_the_setting_holds_for_records_without_an_interval_but_not_for_what_is_not_under_review(self, world):
        at = timezone.now() + timedelta(days=8)
        with override_settings(REVIEW_EVERY="P1W"):
            found = run_twice(self.JOB, at)

        assert ACME in found and "archive.report.acme" not in found

    def test_a_dismissed_finding_is_a_look_and_so_is_a_prepared_decision(self, world, reviewer):
        Record.objects.filter(ref__in=[ACME, BOLT]).update(review_every="P30D")
        at = timezone.now() + timedelta(days=31)
        run(self.JOB, at)

        dismiss_finding(finding=Finding.objects.get(record__ref=ACME), reason="No news.", by=reviewer, now=at)
        bolt = Record.objects.get(ref=BOLT)
        prepare_decision(
            record=bolt,
            status="in_progress",
            effective_on=date(2026, 11, 21),
            evidence=list(bolt.evidence.all()),
            by=reviewer,
            now=at + timedelta(days=1),
            reason_en="It has begun.",
        )

        assert run_twice(self.JOB, at + timedelta(days=29)) == []
        assert run_twice(self.JOB, at + timedelta(days=30)) == [ACME]
        assert run_twice(self.JOB, at + timedelta(days=31)) == [ACME, BOLT]

    def test_what_is_settled_is_reviewed_only_if_it_has_an_interval_of_its_own(self, world, reviewer):
        for ref in (ACME, BOLT):
            decide(ref, "fulfilled", on=date(2026, 11, 21), by=reviewer)
        Record.objects.filter(ref=ACME).update(review_every="P1Y")

        found = run_twice(self.JOB, timezone.now() + timedelta(days=400))

        assert ACME in found and BOLT not in found

    def test_another_interval_lapses_what_was_found_by_the_old_one(self, world):
        Record.objects.filter(ref=ACME).update(review_every="P30D")
        at = timezone.now() + timedelta(days=31)
        run(self.JOB, at)

        Record.objects.filter(ref=ACME).update(review_every="P90D")
        run(self.JOB, at)

        assert open_findings() == []


class TestEvidenceAgainst:
    JOB = "detect_evidence_against"

    def tell(self, world: Path, ref: str, stance: str, day: str, record: str = ACME) -> None:
        row = evidence(ref, record) | {"stance": stance, "observed_on": day}
        load(world / ref, {"evidence": [row]})

    def test_newer_evidence_against_a_status_is_found_until_somebody_decides_again(self, world, reviewer):
        decide(ACME, "in_progress", on=date(2026, 11, 20), by=reviewer)
        self.tell(world, "evd-stopped", "contradicts", "2026-11-22")
        head = ledger.head()

        assert run_twice(self.JOB, timezone.now()) == [ACME]
        seen = Finding.objects.get().seen
        assert (seen["evidence"], seen["stance"], seen["status"]) == ("evd-stopped", "contradicts", "in_progress")
        assert ledger.head() == head

        decide(ACME, "stalled", on=date(2026, 11, 22), by=reviewer)
        assert run_twice(self.JOB, timezone.now()) == []

    def test_what_agrees_or_is_older_or_was_cited_is_not_found(self, world, reviewer):
        Evidence.objects.filter(ref="evd-bolt").update(stance="contradicts")
        decide(ACME, "in_progress", on=date(2026, 11, 20), by=reviewer)
        decide(BOLT, "in_progress", on=date(2026, 11, 20), by=reviewer)
        decide("accord.wages.acme", "not_started", on=date(2026, 11, 20), by=reviewer)

        self.tell(world, "evd-agrees", "supports", "2026-11-22")
        self.tell(world, "evd-context", "context", "2026-11-22")
        self.tell(world, "evd-older", "contradicts", "2026-11-19")
        self.tell(world, "evd-agrees-too", "contradicts", "2026-11-22", "accord.wages.acme")

        assert run_twice(self.JOB, timezone.now()) == []

    def test_support_is_against_a_status_that_denies(self, world, reviewer):
        decide(ACME, "not_started", on=date(2026, 11, 20), by=reviewer)
        self.tell(world, "evd-begun", "supports", "2026-11")

        assert run_twice(self.JOB, timezone.now()) == [ACME]


class TestTranslations:
    JOB = "detect_old_translations"

    @pytest.fixture
    def rewrite(self, world, reviewer) -> Any:
        def rewrite(**texts: str) -> None:
            item = Evidence.objects.get(ref="evd-acme")
            for name, text in texts.items():
                setattr(item, name, text)
            item.save()
            publish(things=[item.pk], by=reviewer)

        return rewrite

    def fields(self) -> list[str]:
        run_twice(self.JOB, timezone.now())
        return [finding.seen["field"] for finding in Finding.objects.open()]

    def test_a_text_that_changed_in_one_language_alone_is_found_until_the_other_follows(self, rewrite):
        assert self.fields() == []

        rewrite(shows_en="The report was taken down.")
        assert self.fields() == ["shows_zh"]
        finding = Finding.objects.open().get()
        assert (finding.subject.ref, finding.seen["ref"]) == (ACME, "evd-acme")

        rewrite(shows_en="The report was taken down in May.")
        assert self.fields() == ["shows_zh"]
        assert Finding.objects.open().get().fingerprint != finding.fingerprint

        rewrite(shows_zh="报告已于五月撤下。")
        assert self.fields() == []

    def test_either_language_may_be_the_original(self, rewrite):
        rewrite(shows_zh="报告已撤下。")
        assert self.fields() == ["shows_en"]

        rewrite(shows_en="The report was taken down.")
        assert self.fields() == []

    def test_both_at_once_and_a_first_translation_leave_nothing_behind(self, rewrite):
        rewrite(shows_en="One.", shows_zh="一。")
        rewrite(shows_zh="")
        assert self.fields() == []

        rewrite(shows_en="Two.")
        rewrite(shows_zh="二。")
        assert self.fields() == []

    def test_a_text_of_no_record_is_found_too(self, world):
        moved = records(2026)["instruments"][0] | {"summary_en": "Another summary."}
        load(world / "moved", {"instruments": [moved]})

        assert run_twice(self.JOB, timezone.now()) == ["accord"]
        finding = Finding.objects.get()
        assert (finding.record, finding.seen["field"]) == (None, "summary_zh")


class TestSources:
    JOB = "detect_uncited_sources"

    def test_a_source_that_nothing_cites_for_a_month_is_found_until_something_does(self, world):
        lonely = records(2026)["sources"][0] | {"ref": "src-lonely", "url": "https://acme.example/lonely"}
        load(world / "lonely", {"sources": [lonely]})
        later = timezone.now() + timedelta(days=31)

        assert run_twice(self.JOB, timezone.now() + timedelta(days=29)) == []
        assert run_twice(self.JOB, later) == ["src-lonely"]

        cited = records(2026)["instruments"][0] | {"sources": [*SOURCES, "src-lonely"]}
        load(world / "cited", {"instruments": [cited]})
        assert run_twice(self.JOB, later) == []


def test_a_finding_about_no_record_is_worked_off_in_the_same_queue(world, admin_client):
    lonely = records(2026)["sources"][0] | {"ref": "src-lonely", "url": "https://acme.example/lonely"}
    load(world / "lonely", {"sources": [lonely]})
    run("detect_uncited_sources", timezone.now() + timedelta(days=31))
    finding = Finding.objects.get()

    queue = admin_client.get("/admin/tracking/finding/").content.decode()
    assert "src-lonely" in queue and "source that nothing cites" in queue
    shown = admin_client.get(f"/admin/tracking/finding/{finding.pk}/change/")
    assert shown.status_code == 200

    admin_client.post(
        "/admin/tracking/finding/",
        {"action": "dismiss", "_selected_action": [finding.pk], "confirmed": "yes", "reason": "It is kept for later."},
    )
    run("detect_uncited_sources", timezone.now() + timedelta(days=32))
    assert list(Finding.objects.values_list("state", flat=True)) == ["dismissed"]
