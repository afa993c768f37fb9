"""A status is prepared by one person on evidence, approved by one who may, and kept with all that was said before."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from commitments.models import Pledge
from commitments.resources import PledgeResource
from publishing import ledger, reading
from publishing.actions import publish, unpublish
from publishing.errors import DomainError
from publishing.models import Change, LedgerEntry
from sources.models import Source
from tests.commitments.world import decide, load, move_deadline, records
from tracking.actions import approve_decision, claim_finding, dismiss_finding, errors, prepare_decision
from tracking.models import Decision, Evidence, Finding, Record, StatusChange, StatusSpan

ACME, BOLT = "accord.report.acme", "accord.report.bolt"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def editor(db: None) -> User:
    """Somebody who prepares decisions and may not approve them."""
    return User.objects.create_user("editor", is_staff=True)


def prepare(ref: str = ACME, *, by: User, **others: Any) -> Decision:
    record = Record.objects.get(ref=ref)
    given: dict[str, Any] = {
        "status": "in_progress",
        "effective_on": date(2026, 11, 20),
        "evidence": list(record.evidence.all()),
        "reason_en": "The report came out.",
        "now": NOW,
    }
    return prepare_decision(record=record, by=by, **(given | others))


def status_of(ref: str) -> tuple[str, date | None]:
    return Record.objects.values_list("status", "status_since").get(ref=ref)


def spans_of(ref: str) -> list[tuple[Any, ...]]:
    spans = StatusSpan.objects.filter(record__ref=ref).order_by("known", "valid")
    return [(s.status, s.valid.lower, s.valid.upper, s.known.lower, s.known.upper) for s in spans]


def told(*, version: int | None = None, as_of: date | None = None, ref: str = ACME) -> tuple[str, str | None]:
    """Return what a reader is told about a pledge's status: the status, and the day from which it holds."""
    asked = reading.ask(now=timezone.now(), version=version, as_of=as_of)
    (answer,) = reading.present(PledgeResource, [Pledge.objects.get(ref=ref).pk], asked)
    return answer["status"], answer["status_since"]


def history(version: int | None = None) -> list[tuple[Any, ...]]:
    asked = reading.ask(now=timezone.now(), version=version)
    pledge = Pledge.objects.get(ref=ACME)
    beside = PledgeResource.beside(pledge.pk, {"ref": ACME, "commitment": pledge.commitment.ref}, asked)
    return [(change["ref"], change["superseded_by"], change["holds"]) for change in beside["history"]]


class TestFromPreparationToStatus:
    def test_what_is_prepared_is_not_public(self, world, editor):
        before = ledger.head()

        decision = prepare(by=editor)

        assert (decision.state, decision.prepared_by, decision.based_on) == ("submitted", editor, before.seq)
        assert ledger.head() == before
        assert status_of(ACME) == ("not_assessed", None)
        assert told() == ("not_assessed", None)

    def test_an_approved_decision_becomes_the_status_with_its_position_and_its_span(self, world, editor, reviewer):
        decision = prepare(by=editor)

        change = approve_decision(decision=decision, by=reviewer, now=NOW)

        decision.refresh_from_db()
        assert (decision.state, decision.approved_by, decision.approved_at) == ("approved", reviewer, NOW)
        assert decision.status_change == change
        assert change.ref == "chg.accord.report.acme.2026-11-20"
        assert change.seq == change.first_version == ledger.head().seq
        assert [item.ref for item in change.evidence.all()] == ["evd-acme"]
        assert status_of(ACME) == ("in_progress", date(2026, 11, 20))
        assert spans_of(ACME) == [("in_progress", date(2026, 11, 20), None, change.seq, None)]
        assert told() == ("in_progress", "2026-11-20")

    def test_drafts_that_it_cites_become_public_with_it_as_one_act(self, world, editor, reviewer):
        source = Source.objects.create(
            ref="src-new", kind="page", url="https://acme.example/new", title="New page", lang="en"
        )
        record = Record.objects.get(ref=ACME)
        item = Evidence.objects.create(
            ref="evd-new",
            record=record,
            source=source,
            stance="supports",
            observed_on="2026-11",
            shows_en="It is there.",
        )

        approve_decision(decision=prepare(by=editor, evidence=[item]), by=reviewer, now=NOW)

        source.refresh_from_db()
        item.refresh_from_db()
        assert (source.state, item.state) == ("published", "published")
        act = Change.objects.order_by("-last_seq").first()
        assert act
        assert (act.act, act.by) == ("decide", reviewer)
        assert list(act.entries.order_by("seq").values_list("ref", flat=True)) == [
            "src-new",
            "evd-new",
            "chg.accord.report.acme.2026-11-20",
        ]

    def test_who_may_not_approve_is_refused(self, world, editor):
        decision = prepare(by=editor)
        before = ledger.head()

        with pytest.raises(errors.NotAllowedToApprove):
            approve_decision(decision=decision, by=editor, now=NOW)

        assert (ledger.head(), StatusChange.objects.count(), status_of(ACME)) == (before, 0, ("not_assessed", None))
        decision.refresh_from_db()
        assert decision.state == "submitted"

    def test_a_decision_is_approved_once(self, world, editor, reviewer):
        decision = prepare(by=editor)
        approve_decision(decision=decision, by=reviewer, now=NOW)
        before = ledger.head()

        with pytest.raises(errors.DecisionAlreadyApproved):
            approve_decision(decision=decision, by=reviewer, now=NOW)

        assert (ledger.head(), StatusChange.objects.count()) == (before, 1)


def approved_at_once(decisions: list[Decision], *, by: User) -> list[str]:
    """Let as many people approve decisions at the same moment; return the refs of the changes or what refused them."""
    outcomes: list[str] = []
    all_ready = threading.Barrier(len(decisions))

    def approve(decision: Decision) -> None:
        try:
            all_ready.wait(10)
            outcomes.append(approve_decision(decision=decision, by=by, now=NOW).ref)
        except DomainError as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    people = [threading.Thread(target=approve, args=[decision]) for decision in decisions]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    @pytest.fixture
    def reviewer(self, transactional_db: None, tmp_path: Path) -> User:
        load(tmp_path / "world", records(2026))
        return User.objects.create_superuser("reviewer")

    def draft(self, ref: str, source: Source) -> Evidence:
        return Evidence.objects.create(
            ref=f"evd-{ref}-new",
            record=Record.objects.get(ref=ref),
            source=source,
            stance="supports",
            observed_on="2026-11-20",
            shows_en="It says so.",
        )

    @pytest.fixture
    def source(self, reviewer: User) -> Source:
        source = Source(ref="src-new", kind="page", url="https://new.example/", title="New", lang="en")
        source.save()
        return source

    def test_two_who_approve_one_decision_make_one_status(self, reviewer):
        decision = prepare(by=reviewer)

        outcomes = approved_at_once([decision, decision], by=reviewer)

        assert outcomes == ["chg.accord.report.acme.2026-11-20", "decision_already_approved"]
        assert StatusChange.objects.count() == 1

    def test_of_two_decisions_that_cite_one_draft_the_second_is_overtaken(self, reviewer, source):
        draft = self.draft(ACME, source)
        decisions = [prepare(by=reviewer, evidence=[draft], status=status) for status in ("in_progress", "stalled")]

        outcomes = approved_at_once(decisions, by=reviewer)

        assert outcomes == ["chg.accord.report.acme.2026-11-20", "record_moved_on"]
        assert StatusChange.objects.get().evidence.get() == draft
        assert sorted(Decision.objects.values_list("state", flat=True)) == ["approved", "submitted"]
        assert LedgerEntry.objects.filter(ref__in=["src-new", draft.ref]).count() == 2

    def test_decisions_on_two_records_publish_the_draft_source_that_they_share_once(self, reviewer, source):
        decisions = [prepare(ref, by=reviewer, evidence=[self.draft(ref, source)]) for ref in (ACME, BOLT)]

        outcomes = approved_at_once(decisions, by=reviewer)

        assert outcomes == ["chg.accord.report.acme.2026-11-20", "chg.accord.report.bolt.2026-11-20"]
        assert LedgerEntry.objects.filter(ref="src-new").count() == 1


class TestRecordThatMovedOn:
    @pytest.fixture
    def decision(self, world: Path, editor: User) -> Decision:
        return prepare(by=editor)

    def refused(self, decision: Decision, reviewer: User) -> None:
        before = (ledger.head(), StatusChange.objects.count(), status_of(ACME))

        with pytest.raises(errors.RecordMovedOn) as refused:
            approve_decision(decision=decision, by=reviewer, now=NOW)

        assert refused.value.params["then"] == decision.based_on < refused.value.params["now"]
        assert (ledger.head(), StatusChange.objects.count(), status_of(ACME)) == before
        decision.refresh_from_db()
        assert decision.state == "submitted"

    def test_another_status_in_between_makes_it_out_of_date(self, decision, reviewer):
        decide(ACME, "stalled", on=date(2026, 11, 19), by=reviewer)

        self.refused(decision, reviewer)

    def test_another_wording_or_deadline_makes_it_out_of_date(self, world, decision, reviewer):
        move_deadline(world, "2027-02-28")

        self.refused(decision, reviewer)

    def test_what_happens_to_other_records_does_not_matter(self, decision, reviewer):
        decide(BOLT, "fulfilled", on=date(2026, 11, 19), by=reviewer)

        approve_decision(decision=decision, by=reviewer, now=NOW)

        assert status_of(ACME)[0] == "in_progress"

    def test_a_page_that_was_open_for_long_is_refused_when_it_is_sent(self, world, editor, reviewer):
        looked_at = ledger.head().seq
        decide(ACME, "stalled", on=date(2026, 11, 19), by=reviewer)

        with pytest.raises(errors.RecordMovedOn):
            prepare(by=editor, based_on=looked_at)

        assert Decision.objects.filter(prepared_by=editor).count() == 0


class TestWhichStatusHolds:
    def test_the_latest_day_decides(self, world, reviewer):
        decide(ACME, "in_progress", on=date(2026, 11, 10), by=reviewer)
        first = ledger.head().seq
        decide(ACME, "fulfilled", on=date(2026, 11, 15), by=reviewer)
        second = ledger.head().seq

        assert status_of(ACME) == ("fulfilled", date(2026, 11, 15))
        assert spans_of(ACME) == [
            ("in_progress", date(2026, 11, 10), None, first, second),
            ("in_progress", date(2026, 11, 10), date(2026, 11, 15), second, None),
            ("fulfilled", date(2026, 11, 15), None, second, None),
        ]

    def test_a_day_in_the_past_leaves_the_present_status_alone(self, world, reviewer):
        decide(ACME, "fulfilled", on=date(2026, 11, 15), by=reviewer)
        decide(ACME, "in_progress", on=date(2026, 11, 10), by=reviewer)

        assert status_of(ACME) == ("fulfilled", date(2026, 11, 15))
        assert told() == ("fulfilled", "2026-11-15")
        assert told(as_of=date(2026, 11, 14)) == ("in_progress", "2026-11-10")
        assert told(as_of=date(2026, 11, 9)) == ("not_assessed", None)

    def test_on_equal_days_the_later_publication_decides(self, world, reviewer):
        decide(ACME, "in_progress", on=date(2026, 11, 15), by=reviewer)
        first = ledger.head().seq
        decide(ACME, "partly_fulfilled", on=date(2026, 11, 15), by=reviewer)

        assert status_of(ACME) == ("partly_fulfilled", date(2026, 11, 15))
        assert told(as_of=date(2026, 11, 15)) == ("partly_fulfilled", "2026-11-15")
        assert told(as_of=date(2026, 11, 15), version=first) == ("in_progress", "2026-11-15")

    def test_a_revision_of_the_method_stands_beside_what_it_revises(self, world, reviewer):
        decide(ACME, "in_progress", on=date(2026, 11, 10), by=reviewer)
        decide(ACME, "partly_fulfilled", on=date(2026, 11, 15), by=reviewer, kind="revision")

        act = Change.objects.order_by("-last_seq").first()
        assert act and act.act == "revise_method"
        assert told(as_of=date(2026, 11, 14)) == ("in_progress", "2026-11-10")
        assert told() == ("partly_fulfilled", "2026-11-15")


class TestCorrections:
    @pytest.fixture
    def wrong(self, world: Path, reviewer: User) -> StatusChange:
        """A status that turns out to be wrong, after one that was right."""
        decide(ACME, "in_progress", on=date(2026, 11, 10), by=reviewer)
        return decide(ACME, "fulfilled", on=date(2026, 11, 15), by=reviewer)

    @pytest.fixture
    def correct(self, reviewer: User) -> Callable[..., StatusChange]:
        def correct(wrong: StatusChange, **others: Any) -> StatusChange:
            given: dict[str, Any] = {
                "status": "partly_fulfilled",
                "on": date(2026, 11, 16),
                "was_wrong_en": "One part.",
            }
            return decide(ACME, by=reviewer, kind="correction", supersedes=wrong, **(given | others))

        return correct

    def test_what_was_told_before_a_correction_is_told_for_ever(self, wrong, correct):
        before = ledger.head().seq
        correct(wrong)
        after = ledger.head().seq

        days = [date(2026, 11, day) for day in (9, 10, 15, 16)]
        assert [told(version=before, as_of=day)[0] for day in days] == [
            "not_assessed",
            "in_progress",
            "fulfilled",
            "fulfilled",
        ]
        assert [told(version=after, as_of=day)[0] for day in days] == [
            "not_assessed",
            "in_progress",
            "in_progress",
            "partly_fulfilled",
        ]
        assert status_of(ACME) == ("partly_fulfilled", date(2026, 11, 16))

    def test_the_history_shows_both_and_which_took_whose_place(self, wrong, correct):
        before = ledger.head().seq
        right = correct(wrong)

        first = "chg.accord.report.acme.2026-11-10"
        assert history(before) == [(first, None, False), (wrong.ref, None, True)]
        assert history() == [(first, None, False), (wrong.ref, right.ref, False), (right.ref, None, True)]

    def test_the_spans_tell_until_which_version_the_tracker_was_wrong(self, wrong, correct):
        right = correct(wrong)

        untrue = StatusSpan.objects.get(change=wrong)
        assert (untrue.known.lower, untrue.known.upper) == (wrong.first_version, right.first_version)

    def test_what_is_corrected_can_go_back_to_an_earlier_day(self, wrong, correct):
        correct(wrong, status="in_progress", on=date(2026, 11, 5))

        assert status_of(ACME) == ("in_progress", date(2026, 11, 10))
        assert told(as_of=date(2026, 11, 7)) == ("in_progress", "2026-11-05")

    def test_a_correction_can_be_corrected(self, wrong, correct):
        right = correct(wrong)
        correct(right, status="fulfilled")

        assert told() == ("fulfilled", "2026-11-16")
        assert [holds for _ref, _by, holds in history()] == [False, False, False, True]

    def test_a_change_is_corrected_once(self, wrong, correct):
        correct(wrong)
        before = ledger.head()

        with pytest.raises(errors.AlreadyCorrected):
            correct(wrong)

        assert ledger.head() == before

    @pytest.mark.parametrize("missing", [{"was_wrong_en": " "}, {"supersedes": None}])
    def test_a_correction_names_what_it_corrects_and_says_what_was_wrong(self, wrong, editor, missing):
        given = {"kind": "correction", "supersedes": wrong, "was_wrong_en": "One part."}

        with pytest.raises(errors.CorrectionIncomplete):
            prepare(by=editor, **(given | missing))

        assert Decision.objects.filter(prepared_by=editor).count() == 0

    def test_the_change_of_another_record_cannot_be_corrected(self, wrong, editor):
        with pytest.raises(errors.CorrectionIncomplete):
            prepare(BOLT, by=editor, kind="correction", supersedes=wrong, was_wrong_en="It was the other company.")

        assert Decision.objects.filter(prepared_by=editor).count() == 0

    def test_an_assessment_takes_nobodys_place(self, wrong, editor):
        with pytest.raises(errors.CorrectionIncomplete):
            prepare(by=editor, supersedes=wrong)

        assert Decision.objects.filter(prepared_by=editor).count() == 0


class TestWhatCannotBePrepared:
    @pytest.fixture(autouse=True)
    def nothing_is_written(self, world: Path) -> Any:
        before = ledger.head()
        yield
        assert (Decision.objects.count(), StatusChange.objects.count(), ledger.head()) == (0, 0, before)

    @pytest.mark.parametrize(
        ("given", "refused"),
        [
            ({"status": "not_assessed"}, errors.StatusNotPossible),
            ({"status": "adopted"}, errors.StatusNotPossible),
            ({"status": "overdue"}, errors.StatusNotPossible),
            ({"effective_on": NOW.date() + timedelta(days=1)}, errors.DayToCome),
            ({"reason_en": " "}, errors.ReasonMissing),
            ({"evidence": []}, errors.EvidenceMissing),
            ({"status": "no_evidence"}, errors.SearchNotCited),
            ({"status": "unverifiable"}, errors.SearchNotCited),
        ],
    )
    def test_a_status_that_is_not_possible_or_stands_on_nothing(self, editor, given, refused):
        with pytest.raises(refused) as error:
            prepare(by=editor, **given)

        assert isinstance(error.value, DomainError)
        assert str(error.value)

    def test_on_evidence_about_another_record(self, editor):
        evidence = list(Evidence.objects.filter(ref__in=["evd-acme", "evd-bolt"]))

        with pytest.raises(errors.EvidenceUnfit, match="evd-bolt"):
            prepare(by=editor, evidence=evidence)

    def test_about_a_draft(self, editor):
        Record.objects.filter(ref=ACME).update(state="draft")

        with pytest.raises(errors.RecordNotPublic):
            prepare(by=editor)


def test_what_was_unpublished_gets_no_status(world, editor, reviewer):
    decision = prepare(by=editor)
    unpublish(thing=Record.objects.get(ref=ACME), note_en="It was a mistake.", note_zh="", by=reviewer)

    with pytest.raises(errors.RecordNotPublic):
        approve_decision(decision=decision, by=reviewer, now=NOW)

    assert StatusChange.objects.count() == 0


def test_a_search_that_found_nothing_is_cited_as_context(world, editor, reviewer):
    Evidence.objects.filter(ref="evd-acme").update(stance="context")
    publish(things=[Evidence.objects.get(ref="evd-acme").pk], by=reviewer)

    approve_decision(decision=prepare(by=editor, status="no_evidence"), by=reviewer, now=NOW)

    assert told() == ("no_evidence", "2026-11-20")


class TestFindings:
    @pytest.fixture
    def findings(self, world: Path) -> dict[str, Finding]:
        """Two open findings about the same record, and one about another."""
        call_command("run_job", "detect_due_soon", "--at", "2026-12-20T12:00Z", verbosity=0)
        call_command("run_job", "detect_passed_deadlines", "--at", "2027-01-01T12:00Z", verbosity=0)
        about = Finding.objects.filter(record__ref__in=[ACME, BOLT])
        return {f"{finding.kind} {finding.subject.ref}": finding for finding in about.select_related("record")}

    def states(self) -> dict[str, str]:
        about = Finding.objects.filter(record__ref__in=[ACME, BOLT]).values_list("kind", "record__ref", "state")
        return {f"{kind} {ref}": state for kind, ref, state in about}

    def test_a_decision_accepts_its_findings_and_lets_the_others_of_the_record_lapse(self, findings, editor, reviewer):
        decision = prepare(by=editor, findings=[findings[f"deadline_passed {ACME}"]])
        assert set(self.states().values()) == {"open"}

        approve_decision(decision=decision, by=reviewer, now=NOW)

        assert self.states() == {
            f"deadline_passed {ACME}": "accepted",
            f"due_soon {ACME}": "lapsed",
            f"deadline_passed {BOLT}": "open",
            f"due_soon {BOLT}": "open",
        }
        accepted = Finding.objects.get(state="accepted")
        assert (accepted.closed_by, accepted.closed_at) == (reviewer, NOW)

    def test_a_dismissed_finding_leaves_the_status_alone(self, findings, editor):
        before = ledger.head()

        dismissed = dismiss_finding(
            finding=findings[f"deadline_passed {ACME}"], reason=" The day was moved. ", by=editor, now=NOW
        )

        assert (dismissed.state, dismissed.dismissed_because) == ("dismissed", "The day was moved.")
        assert (dismissed.closed_by, dismissed.closed_at) == (editor, NOW)
        assert (ledger.head(), status_of(ACME)) == (before, ("not_assessed", None))
        assert self.states()[f"due_soon {ACME}"] == "open"

    def test_a_finding_is_not_dismissed_without_a_reason(self, findings, editor):
        with pytest.raises(errors.FindingNeedsReason):
            dismiss_finding(finding=findings[f"due_soon {ACME}"], reason=" ", by=editor, now=NOW)

        assert self.states()[f"due_soon {ACME}"] == "open"

    def test_a_closed_finding_is_neither_dismissed_nor_claimed(self, findings, editor, reviewer):
        finding = findings[f"due_soon {ACME}"]
        dismiss_finding(finding=finding, reason="It is known.", by=editor, now=NOW)

        with pytest.raises(errors.FindingAlreadyClosed):
            dismiss_finding(finding=finding, reason="It is wrong.", by=reviewer, now=NOW)
        with pytest.raises(errors.FindingAlreadyClosed):
            claim_finding(finding=finding, by=reviewer)

        finding.refresh_from_db()
        assert (finding.state, finding.dismissed_because, finding.closed_by) == ("dismissed", "It is known.", editor)

    def test_a_claimed_finding_stays_open_and_its_last_claimer_has_it(self, findings, editor, reviewer):
        finding = findings[f"due_soon {ACME}"]
        claim_finding(finding=finding, by=editor)

        claimed = claim_finding(finding=finding, by=reviewer)

        assert (claimed.state, claimed.claimed_by, claimed.is_open) == ("claimed", reviewer, True)
        assert finding in Finding.objects.open()
