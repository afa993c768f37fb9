"""A decision is kept as a draft, returned with a note, overtaken and based anew, held back until a day, approved."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import User
from publishing.models import Act, Change, LedgerEntry
from tests.admin.conftest import desk_of
from tests.commitments.world import decide
from tracking.models import NEXT_STATES, Decision, Record, StatusChange

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_persons(settings):
    settings.TWO_PERSON_RULE = True


@pytest.fixture
def known(pledge):
    return pledge.evidence.get()


def decide_path(record, decision=None):
    return f"/admin/tracking/record/{record.pk}/decide/" + (f"?decision={decision.pk}" if decision else "")


def page_of(decision):
    return f"/admin/tracking/decision/{decision.pk}/change/"


def submit(desk, pledge, known, **typed):
    given = {"status": "fulfilled", "reason_en": "The report is out.", "evidence": [str(known.pk)]} | typed
    desk.send(desk.send(desk.open(decide_path(pledge)), "_preview", **given), "_submit")
    return Decision.objects.get()


def step(desk, decision, name, **typed):
    page = desk.open(page_of(decision))
    values = {key: page.values[key] for key in ("seen", "position", "note") if key in page.values}
    return desk.post(f"/admin/tracking/decision/{decision.pk}/{name}/", **(values | typed))


def test_a_draft_may_be_incomplete_and_goes_on_later(pledge, known, desk, reviewers_desk):
    saved = desk.send(desk.open(decide_path(pledge)), "_draft", reason_en="Half a thought")
    decision = Decision.objects.get()
    assert (decision.state, decision.status, decision.reason_en) == ("draft", "", "Half a thought")
    assert "This draft is not complete" in saved.text

    refused = reviewers_desk.post(f"/admin/tracking/decision/{decision.pk}/approve/")
    assert "is not waiting for approval (it is: draft)" in refused.text
    page = desk.open(decide_path(pledge, decision))
    assert page.values["reason_en"] == ["Half a thought"]
    typed = {"status": "fulfilled", "evidence": [str(known.pk)]}
    desk.send(desk.send(page, "_preview", **typed), "_submit")

    decision.refresh_from_db()
    assert (decision.state, decision.status, decision.changed_by) == ("submitted", "fulfilled", decision.prepared_by)
    assert Decision.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_returned_decision_is_changed_submitted_again_and_approved(pledge, known, desk, reviewers_desk, reviewer):
    decision = submit(desk, pledge, known)
    empty = step(reviewers_desk, decision, "return", note=" ")
    assert "Say what is to be changed" in empty.text
    step(reviewers_desk, decision, "return", note="Which page of the report?")
    decision.refresh_from_db()
    assert (decision.state, decision.returned_because, decision.returned_by) == (
        "returned",
        "Which page of the report?",
        reviewer,
    )
    assert "decision returned to you" in desk.open("/admin/").text
    assert "Which page of the report?" in desk.open(page_of(decision)).text
    assert "is not waiting for approval" in step(reviewers_desk, decision, "approve").text

    page = desk.open(decide_path(pledge, decision))
    assert "Which page of the report?" in page.text
    desk.send(desk.send(page, "_preview", reason_en="The report is out, see page 4."), "_submit")
    step(reviewers_desk, decision, "approve")

    decision.refresh_from_db()
    assert decision.state == "approved"
    assert StatusChange.objects.get(record=pledge).reason_en == "The report is out, see page 4."


@pytest.mark.django_db(transaction=True)
def test_an_overtaken_decision_shows_both_sides_and_is_based_on_what_stands_now(
    pledge, known, desk, reviewers_desk, reviewer
):
    decision = submit(desk, pledge, known)
    edit = reviewers_desk.open(f"/admin/commitments/pledge/{pledge.pk}/change/")
    reviewers_desk.send(edit, "_save", title_en="Publish a yearly report")
    decide("seoul.report.acme", "in_progress", on=date(2026, 3, 1), by=reviewer)

    assert "overtaken" in reviewers_desk.open("/admin/tracking/decision/").text
    page = reviewers_desk.open(page_of(decision))
    comparison = page.response.context["comparison"]
    assert ("title (English)", "Publish a report", "Publish a yearly report") in comparison.parts
    assert [change.status for change in comparison.changes] == ["in_progress"]
    assert "Approve and publish" not in page.buttons
    assert "has changed since this decision was prepared" in step(reviewers_desk, decision, "approve").text
    assert step(desk, decision, "rebase").status == 200

    decision.refresh_from_db()
    assert (decision.state, decision.reason_en) == ("submitted", "The report is out.")
    step(reviewers_desk, decision, "approve")
    assert Record.objects.get(pk=pledge.pk).status == "fulfilled"


@pytest.mark.django_db(transaction=True)
def test_who_prepared_or_changed_a_decision_cannot_approve_it(two_persons, pledge, known, desk, reviewers_desk):
    other = User.objects.create_superuser("other")
    first = reviewers_desk.open(decide_path(pledge))
    typed = {"status": "fulfilled", "reason_en": "The report is out.", "evidence": [str(known.pk)]}
    previewed = reviewers_desk.send(first, "_preview", **typed)
    assert "You prepare this decision, so somebody else has to approve it." in previewed.text
    assert "Approve and publish" not in previewed.buttons
    refused = reviewers_desk.send(previewed, "_approve")
    assert "somebody else has to approve it" in refused.text and not Decision.objects.exists()
    reviewers_desk.send(reviewers_desk.send(refused, "_preview"), "_submit")
    decision = Decision.objects.get()

    page = reviewers_desk.open(page_of(decision))
    assert "You prepared this decision or changed it last" in page.text
    assert "Approve and publish" not in page.buttons
    before = LedgerEntry.objects.count()
    assert "somebody else has to approve it" in step(reviewers_desk, decision, "approve").text
    chinese = desk_of(User.objects.get(username="reviewer"), "zh-hans")
    assert "须由另一人核准" in step(chinese, decision, "approve").text
    others_desk = desk_of(other)
    others_desk.send(
        others_desk.send(others_desk.open(decide_path(pledge, decision)), "_preview", reason_en="It is."), "_submit"
    )
    assert "somebody else has to approve it" in step(others_desk, decision, "approve").text
    assert LedgerEntry.objects.count() == before

    third = desk_of(User.objects.create_superuser("third"))
    step(third, decision, "approve")
    assert StatusChange.objects.get(record=pledge).reason_en == "It is."


@pytest.mark.django_db(transaction=True)
def test_who_is_told_first_can_answer_before_anybody_may_approve(pledge, known, desk, reviewers_desk):
    until = timezone.now().astimezone(UTC) + timedelta(days=14)
    half = {"publish_not_before": until.strftime("%Y-%m-%dT%H:%M"), "told_on": "2026-11-20"}
    typed = {"status": "not_fulfilled", "reason_en": "There is no report.", "evidence": [str(known.pk)]}
    refused = desk.send(desk.open(decide_path(pledge)), "_preview", **(typed | half))
    assert "Say when and how they were told" in refused.text
    desk.send(desk.send(refused, "_preview", told_how="By letter to the board."), "_submit")
    decision = Decision.objects.get()

    page = reviewers_desk.open(page_of(decision))
    assert "It cannot be approved before" in page.text and "By letter to the board." in page.text
    assert "Approve and publish" not in page.buttons
    before = LedgerEntry.objects.count()
    assert "can answer first" in step(reviewers_desk, decision, "approve").text
    assert LedgerEntry.objects.count() == before

    answer = desk.open(f"/admin/tracking/response/add/?record={pledge.pk}")
    desk.send(
        answer,
        "_publish",
        actor=str(pledge.actor_id),
        stated_on="2026-11-22",
        source=str(known.source_id),
        gist_en="“It is on page 4.”",
        gist_zh="“见第四页。”",
        word_for_word="on",
        disputes="on",
    )
    assert Record.objects.get(pk=pledge.pk).contested
    shown = reviewers_desk.open(page_of(decision)).text
    assert "“It is on page 4.”" in shown and "word for word" in shown
    Decision.objects.update(publish_not_before=datetime(2026, 11, 1, tzinfo=UTC))
    step(reviewers_desk, decision, "approve")

    assert Record.objects.get(pk=pledge.pk).status == "not_fulfilled"


def test_moments_are_typed_and_shown_in_the_zone_of_who_works(pledge, known, desk, editor):
    User.objects.filter(pk=editor.pk).update(time_zone="Asia/Shanghai")
    page = desk.open(decide_path(pledge))
    assert "Not public before (Asia/Shanghai)" in page.text
    typed = {"publish_not_before": "2090-01-05T09:00", "told_on": "2026-11-20", "told_how": "By letter."}
    decision = submit(desk, pledge, known, **typed)

    assert decision.publish_not_before == datetime(2090, 1, 5, 1, tzinfo=UTC)
    assert "It cannot be approved before 2090-01-05 09:00 (Asia/Shanghai)" in desk.open(page_of(decision)).text


@pytest.mark.django_db(transaction=True)
def test_a_revision_is_no_correction(pledge, known, reviewers_desk):
    typed = {"status": "fulfilled", "reason_en": "Drafts count now.", "evidence": [str(known.pk)]}
    wrong = reviewers_desk.send(reviewers_desk.open(decide_path(pledge)), "_preview", kind="correction", **typed)
    assert wrong.response.context["form"].errors["supersedes"] == ["Choose the change that was wrong."]

    reviewers_desk.send(reviewers_desk.send(wrong, "_preview", kind="revision"), "_approve")

    assert StatusChange.objects.get(record=pledge).kind == "revision"
    assert Change.objects.order_by("-first_seq")[0].act == Act.REVISE_METHOD


def test_the_second_who_changes_a_decision_sees_what_the_first_saved(pledge, known, desk, reviewers_desk):
    decision = submit(desk, pledge, known)
    mine = desk.open(decide_path(pledge, decision))
    theirs = reviewers_desk.open(decide_path(pledge, decision))
    reviewers_desk.send(theirs, "_draft", reason_en="They say this.", reason_zh="他们这样说。")

    late = desk.send(mine, "_draft", reason_en="I say that.")

    assert "Somebody saved this while you had it open." in late.text and "Saved by reviewer" in late.text
    assert "They say this." in late.text
    assert (late.values["reason_en"], late.values["reason_zh"]) == (["I say that."], ["他们这样说。"])
    decision.refresh_from_db()
    assert decision.reason_en == "They say this."
    desk.send(late, "_draft")
    decision.refresh_from_db()
    assert (decision.reason_en, decision.reason_zh) == ("I say that.", "他们这样说。")


def test_a_decision_that_was_changed_while_its_page_was_open_is_not_approved(pledge, known, desk, reviewers_desk):
    decision = submit(desk, pledge, known)
    page = reviewers_desk.open(page_of(decision))
    desk.send(desk.send(desk.open(decide_path(pledge, decision)), "_preview", reason_en="Other words."), "_submit")

    path = f"/admin/tracking/decision/{decision.pk}/approve/"
    answer = reviewers_desk.post(path, seen=page.values["seen"][0])

    assert "Somebody has changed this decision since you opened it." in answer.text
    assert not StatusChange.objects.filter(record=pledge).exists()
    answer = reviewers_desk.post(path.replace("approve", "return"), seen=page.values["seen"][0], note="Which page?")
    assert "Somebody has changed this decision since you opened it." in answer.text
    assert "You had typed: Which page?" in answer.text
    decision.refresh_from_db()
    assert decision.state == "submitted"


def test_a_decision_that_nobody_wants_is_withdrawn_and_kept(pledge, known, desk, finding, editor):
    decision = submit(desk, pledge, known)
    colleague = User.objects.create_user("colleague", is_staff=True)
    colleague.user_permissions.set(editor.user_permissions.exclude(codename="approve_decision"))
    others_desk = desk_of(colleague)
    assert "Withdraw it" not in others_desk.open(page_of(decision)).buttons
    refused = step(others_desk, decision, "withdraw", why_withdrawn="Not mine.")
    assert "Only who prepared a decision" in refused.text
    assert "Say why it is withdrawn" in step(desk, decision, "withdraw", why_withdrawn=" ").text
    decision.refresh_from_db()
    assert (decision.state, decision.withdrawn_by) == ("submitted", None)

    said = step(desk, decision, "withdraw", why_withdrawn="The report was a forgery.")

    decision.refresh_from_db()
    assert (decision.state, decision.withdrawn_because, decision.withdrawn_by) == (
        "withdrawn",
        "The report was a forgery.",
        editor,
    )
    assert "The decision was withdrawn." in said.text and "The report was a forgery." in said.text
    assert "The report is out." in said.text and "Withdraw it" not in said.buttons
    finding.refresh_from_db()
    assert finding.is_open
    assert "Another decision on this record" not in desk.open(decide_path(pledge)).text
    assert desk.open(decide_path(pledge, decision)).status == 404


def test_a_reviewer_withdraws_a_draft_and_nothing_goes_on_from_there(pledge, known, desk, reviewers_desk):
    desk.send(desk.open(decide_path(pledge)), "_draft", reason_en="Half a thought")
    decision = Decision.objects.get()
    assert "Half a thought" in reviewers_desk.open(page_of(decision)).text

    step(reviewers_desk, decision, "withdraw", why_withdrawn="It is settled elsewhere.")

    decision.refresh_from_db()
    assert decision.state == "withdrawn"
    for name in ("approve", "return", "rebase", "withdraw"):
        answer = step(reviewers_desk, decision, name, note="Again", why_withdrawn="Again")
        assert "The decision was withdrawn. Prepare a new one." in answer.text
    assert not StatusChange.objects.filter(record=pledge).exists()


def test_the_database_takes_no_other_step_and_no_change_of_an_approved_decision(pledge, known, desk, reviewer):
    decision = submit(desk, pledge, known)
    note = {
        f"{step}_{part}": value
        for step in ("returned", "withdrawn")
        for part, value in (("because", "Why?"), ("by", reviewer), ("at", timezone.now()))
    }
    ways = {
        "draft": [],
        "submitted": ["submitted"],
        "returned": ["submitted", "returned"],
        "withdrawn": ["withdrawn"],
    }

    for state, way in ways.items():
        for following in ("draft", "submitted", "returned", "withdrawn"):
            with transaction.atomic():
                one = Decision.objects.create(
                    record=pledge, based_on=1, prepared_by=reviewer, prepared_at=timezone.now()
                )
                complete = {"status": "fulfilled", "effective_on": date(2026, 1, 1), "reason_en": "Because."}
                for before in way:
                    Decision.objects.filter(pk=one.pk).update(state=before, **complete, **note)
                stays = following == state != "withdrawn"
                allowed = stays or following in NEXT_STATES[state]
                try:
                    with transaction.atomic():
                        Decision.objects.filter(pk=one.pk).update(state=following, **complete, **note)
                except DatabaseError:
                    assert not allowed, (state, following)
                else:
                    assert allowed, (state, following)
                transaction.set_rollback(True)

    decision.refresh_from_db()
    assert decision.state == "submitted"


@pytest.mark.django_db(transaction=True)
def test_nothing_about_an_approved_decision_changes(pledge, known, desk, reviewers_desk):
    decision = submit(desk, pledge, known)
    step(reviewers_desk, decision, "approve")

    for statement in (
        "UPDATE tracking_decision SET reason_en = 'Other'",
        "UPDATE tracking_decision SET state = 'draft'",
        "DELETE FROM tracking_decision_evidence",
        "DELETE FROM tracking_decision",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    decision.refresh_from_db()
    assert (decision.state, decision.reason_en, decision.evidence.count()) == ("approved", "The report is out.", 1)
