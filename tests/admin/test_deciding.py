"""The decide page: what is known, what is said, what will be seen, and everything that is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from publishing.models import Act, Change, Document, LedgerEntry
from sources.models import Source
from tests.admin.conftest import desk_of, key_of
from tracking.models import Decision, Evidence, Finding, Record, StatusChange
from tracking.statuses import STATUSES

pytestmark = pytest.mark.django_db


def path_of(record):
    return f"/admin/tracking/record/{record.pk}/decide/"


def counts():
    return [model.objects.count() for model in (Decision, Evidence, Source, StatusChange, LedgerEntry)]


@pytest.fixture
def known(pledge):
    return pledge.evidence.get()


def fulfilled(known):
    return {"status": "fulfilled", "reason_en": "The report is out.", "evidence": [str(known.pk)]}


def test_what_asks_for_a_status_comes_before_what_asks_for_order(pledge, finding, desk):
    for kind, fingerprint in (("event_passed", "event 1"), ("evidence_against", "evidence 1")):
        Finding.objects.create(
            record=pledge, kind=kind, fingerprint=fingerprint, found_at="2026-03-01T12:00:00Z", seen={"event": "x"}
        )

    page = desk.open("/admin/tracking/finding/")

    shown = [row.kind for row in page.response.context["cl"].result_list]
    assert shown == ["evidence_against", "deadline_passed", "event_passed"]
    assert "event passed without an outcome (1)" in page.text


def test_the_page_shows_what_is_known(finding, pledge, known, desk):
    page = desk.open(path_of(pledge))

    assert str(STATUSES["not_assessed"].definition) in page.text
    assert "2026-03-31" in page.text and "overdue" in page.text
    assert "We will." in page.text
    assert known.shows_en in page.text and "https://acme.example/report" in page.text
    assert page.values["findings"] == [str(finding.pk)]
    assert page.values["effective_on"] == [timezone.now().astimezone(UTC).date().isoformat()]
    assert page.values["based_on"] == [str(LedgerEntry.objects.order_by("-seq")[0].seq)]
    assert str(STATUSES["fulfilled"].definition) in page.text
    assert page.buttons[-1] == "Preview"


def test_the_preview_shows_before_and_after_and_writes_nothing(pledge, known, desk):
    before = counts()

    page = desk.send(desk.open(path_of(pledge)), "_preview", **fulfilled(known))

    preview = page.response.context["preview"]
    assert (preview.before.code, preview.after.code) == ("not_assessed", "fulfilled")
    assert [item.pk for item in preview.evidence] == [known.pk]
    assert "What will be seen in public" in page.text
    assert page.buttons[-2:] == ["Preview again", "Submit the decision"]
    assert counts() == before


@pytest.mark.django_db(transaction=True)
def test_a_decision_is_submitted_by_one_and_approved_by_another(finding, pledge, known, desk, reviewers_desk, reviewer):
    submitted = desk.send(desk.send(desk.open(path_of(pledge)), "_preview", **fulfilled(known)), "_submit")
    decision = Decision.objects.get()
    assert (decision.state, decision.prepared_by.username) == ("submitted", "editor")
    assert "Approve and publish" not in submitted.buttons
    assert Record.objects.get(pk=pledge.pk).status == "not_assessed"

    listed = reviewers_desk.open("/admin/tracking/decision/?state__exact=submitted")
    assert "Publish a report" in listed.text
    page = reviewers_desk.open(f"/admin/tracking/decision/{decision.pk}/change/")
    assert "The report is out." in page.text and "Approve and publish" in page.buttons
    done = reviewers_desk.post(f"/admin/tracking/decision/{decision.pk}/approve/")

    change = StatusChange.objects.get(record=pledge)
    assert (change.status, change.reason_en) == ("fulfilled", "The report is out.")
    assert Record.objects.get(pk=pledge.pk).status == "fulfilled"
    assert Finding.objects.get(pk=finding.pk).state == "accepted"
    assert Change.objects.order_by("-first_seq")[0].by == reviewer
    assert 'href="/en/records/seoul.report.acme/"' in done.text


@pytest.mark.django_db(transaction=True)
def test_who_may_approve_publishes_at_once_with_a_new_source(pledge, reviewers_desk):
    desk = reviewers_desk
    typed = {
        "status": "in_progress",
        "reason_zh": "报告正在编写。",
        "link__0__url": "https://bell.example/plan",
        "link__0__stance": "supports",
        "link__0__observed_on": "2026-05",
        "link__0__shows_en": "A draft is out.",
    }

    asked = desk.send(desk.open(path_of(pledge)), "_preview", **typed)
    assert "This source is new to the tracker: fill this in." in asked.text
    assert asked.values["reason_zh"] == ["报告正在编写。"]
    new = {"link__0__title": "Plan of Bell", "link__0__kind": "page", "link__0__lang": "en"}
    previewed = desk.send(asked, "_preview", **new)
    assert previewed.buttons[-2:] == ["Approve and publish", "Submit the decision"]
    desk.send(previewed, "_approve")

    change = StatusChange.objects.get(record=pledge)
    evidence = change.evidence.get()
    assert (change.status, evidence.source.url) == ("in_progress", "https://bell.example/plan")
    assert evidence.is_public and evidence.source.is_public
    assert (evidence.source.ref, evidence.observed_on) == ("src-plan-of-bell", "2026-05")
    assert Document.objects.current().get(thing=change).body["evidence"] == [evidence.ref]


def test_a_known_source_is_found_by_its_address(pledge, desk):
    typed = {
        "status": "in_progress",
        "reason_en": "It has begun.",
        "link__0__url": "http://acme.example/report/#part-2",
        "link__0__observed_on": "2026-11",
        "link__0__stance": "supports",
        "link__0__shows_en": "Part two.",
    }

    desk.send(desk.send(desk.open(path_of(pledge)), "_preview", **typed), "_submit")

    assert Decision.objects.get().evidence.get().source.ref == "src-report"
    assert Source.objects.count() == 1


def test_one_more_address_keeps_what_was_typed_and_complains_about_nothing(pledge, desk):
    page = desk.send(
        desk.open(path_of(pledge)), "_another", link__0__url="https://bell.example/plan", reason_en="Because"
    )

    assert page.values["link-TOTAL_FORMS"] == ["2"]
    assert (page.values["link-0-url"], page.values["reason_en"]) == (["https://bell.example/plan"], ["Because"])
    assert "errorlist" not in page.text


def test_what_was_changed_after_the_preview_is_previewed_again(pledge, known, desk):
    previewed = desk.send(desk.open(path_of(pledge)), "_preview", **fulfilled(known))

    page = desk.send(previewed, "_submit", reason_en="Something else.")

    assert "This is not what you saw in the preview." in page.text
    assert page.response.context["preview"].decision.reason_en == "Something else."
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"status": ""}, "status", "This field is required."),
        ({"reason_en": ""}, "reason_en", "Give a reason in English or Chinese."),
        ({"effective_on": "2999-01-01"}, "effective_on", "A status cannot hold from a day to come."),
        ({"evidence": []}, "__all__", "Cite at least one piece of evidence."),
        (
            {"status": "no_evidence"},
            "__all__",
            "“no evidence” says that nothing decisive was found: cite what was searched as context.",
        ),
        ({"status": "active"}, "status", "Select a valid choice. active is not one of the available choices."),
        ({"evidence": ["999999"]}, "evidence", "Select a valid choice. 999999 is not one of the available choices."),
    ],
)
def test_what_is_refused_is_an_error_of_the_form_and_nothing_is_written(pledge, known, desk, typed, field, sentence):
    before = counts()

    page = desk.send(desk.open(path_of(pledge)), "_submit", **(fulfilled(known) | {"reason_zh": ""} | typed))

    assert page.status == 200
    assert page.response.context["form"].errors[field] == [sentence]
    assert counts() == before


def test_evidence_of_another_record_cannot_be_cited(pledge, known, desk):
    stranger = key_of("evd-summit-1")

    page = desk.send(desk.open(path_of(pledge)), "_submit", **(fulfilled(known) | {"evidence": [str(stranger)]}))

    assert "Select a valid choice" in page.response.context["form"].errors["evidence"][0]
    assert not Decision.objects.exists()


def test_half_an_address_row_is_asked_for_the_rest(pledge, desk):
    page = desk.send(
        desk.open(path_of(pledge)), "_preview", link__0__shows_en="Something.", link__0__url="not an address"
    )

    assert "Enter a valid URL." in page.text
    page = desk.send(page, "_preview", link__0__url="")
    assert "Give the address of the source, or empty the other fields." in page.text
    assert page.values["link-0-shows_en"] == ["Something."]


def test_a_record_that_moved_on_is_shown_anew_beside_what_was_typed(pledge, known, desk):
    previewed = desk.send(desk.open(path_of(pledge)), "_preview", **fulfilled(known))
    edit = desk.open(f"/admin/commitments/pledge/{pledge.pk}/change/")
    desk.send(edit, "_save", title_en="Publish a yearly report")

    page = desk.send(previewed, "_submit")

    assert "has changed since this decision was prepared" in page.text
    assert page.values["reason_en"] == ["The report is out."]
    assert not Decision.objects.exists()
    again = desk.send(desk.send(page, "_preview"), "_submit")
    assert Decision.objects.count() == 1
    assert "The decision is submitted." in again.text


def test_a_draft_cannot_be_decided_on(pledge, known, desk):
    Record.objects.filter(pk=pledge.pk).update(state="draft")

    page = desk.send(desk.open(path_of(pledge)), "_preview", **fulfilled(known))

    assert "is not public. Publish it before you decide on its status." in page.text
    assert not Decision.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_correction_names_the_change_and_says_what_was_wrong(world, reviewers_desk):
    summit = Record.objects.get(ref="summit")
    wrong = summit.status_changes.get()
    desk = reviewers_desk
    page = desk.open(f"{path_of(summit)}?correct={wrong.pk}")
    assert page.values["supersedes"] == [str(wrong.pk)]
    typed = {
        "status": "dormant",
        "effective_on": "2026-02-28",
        "reason_en": "It did not meet.",
        "evidence": [str(key_of("evd-summit-1"))],
    }

    refused = desk.send(page, "_preview", **typed)
    assert refused.response.context["form"].errors["was_wrong_en"] == ["Say in English or Chinese what was wrong."]
    desk.send(desk.send(refused, "_preview", was_wrong_en="The page was of another summit."), "_approve")

    correction = wrong.superseded_by
    assert (correction.kind, correction.was_wrong_en) == ("correction", "The page was of another summit.")
    assert Record.objects.get(pk=summit.pk).status == "dormant"
    assert Change.objects.order_by("-first_seq")[0].act == Act.CORRECT


def test_a_change_for_an_earlier_time_does_not_promise_to_be_the_present_status(world, desk):
    summit = Record.objects.get(ref="summit")
    typed = {
        "status": "announced",
        "effective_on": "2025-12-01",
        "reason_en": "It was announced in December.",
        "evidence": [str(key_of("evd-summit-1"))],
    }

    page = desk.send(desk.open(path_of(summit)), "_preview", **typed)

    preview = page.response.context["preview"]
    assert (preview.stated.code, preview.after.code) == ("announced", "active")
    assert "a later change decides what holds today" in page.text


def test_without_the_permission_nothing_is_approved(pledge, known, desk, editor):
    previewed = desk.send(desk.open(path_of(pledge)), "_preview", **fulfilled(known))

    assert desk.send(previewed, "_approve").status == 403
    desk.send(previewed, "_submit")
    decision = Decision.objects.get()
    assert desk.post(f"/admin/tracking/decision/{decision.pk}/approve/").status == 403

    decision.refresh_from_db()
    assert decision.state == "submitted"
    assert not StatusChange.objects.filter(record=pledge).exists()
    editor.user_permissions.clear()
    assert desk.open(path_of(pledge)).status == 403


def test_approving_twice_is_said_and_changes_nothing(pledge, known, desk, reviewers_desk):
    desk.send(desk.send(desk.open(path_of(pledge)), "_preview", **fulfilled(known)), "_submit")
    path = f"/admin/tracking/decision/{Decision.objects.get().pk}/approve/"
    reviewers_desk.post(path)
    before = counts()

    page = reviewers_desk.post(path)

    assert "The decision was approved before." in page.text
    assert counts() == before


@pytest.mark.django_db(transaction=True)
def test_a_doubled_press_decides_once_and_says_that_the_record_has_moved_on(pledge, reviewer):
    desks = [desk_of(reviewer), desk_of(reviewer)]
    typed = {
        "status": "fulfilled",
        "reason_en": "The report is out.",
        "link__0__url": "https://acme.example/2026",
        "link__0__stance": "supports",
        "link__0__observed_on": "2026-03-30",
        "link__0__shows_en": "It is out.",
        "link__0__title": "Report of 2026",
        "link__0__kind": "page",
        "link__0__lang": "en",
    }
    previews = [desk.send(desk.open(path_of(pledge)), "_preview", **typed) for desk in desks]

    def press(desk, preview):
        try:
            return desk.send(preview, "_approve", **typed)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        answers = [answer.text for answer in threads.map(press, desks, previews)]

    assert StatusChange.objects.filter(record=pledge).count() == 1
    assert Source.objects.filter(url="https://acme.example/2026").count() == 1
    assert not any("excludes this at the same moment" in text for text in answers)
    assert sum("What to do is said below" in text for text in answers) == 1


def test_a_claim_and_a_dismissal_with_a_reason_leave_the_status_alone(finding, pledge, desk, editor):
    queue = "/admin/tracking/finding/"
    desk.post(queue, action="claim", _selected_action=[finding.pk])
    finding.refresh_from_db()
    assert (finding.state, finding.claimed_by) == ("claimed", editor)

    asked = desk.post(queue, action="dismiss", _selected_action=[finding.pk])
    assert "Why are they dismissed?" in asked.text
    refused = desk.post(queue, action="dismiss", _selected_action=[finding.pk], confirmed="1", reason=" ")
    assert "This field is required." in refused.text
    desk.post(queue, action="dismiss", _selected_action=[finding.pk], confirmed="1", reason="The day was moved.")

    finding.refresh_from_db()
    assert (finding.state, finding.dismissed_because, finding.closed_by) == ("dismissed", "The day was moved.", editor)
    assert Record.objects.get(pk=pledge.pk).status == "not_assessed"
    assert desk.open(queue).response.context["cl"].result_count == 0
    assert desk.open(f"{queue}?queue=dismissed").response.context["cl"].result_count == 1


def test_a_finding_that_was_closed_meanwhile_is_not_closed_again(finding, desk):
    Finding.objects.filter(pk=finding.pk).update(state="lapsed", closed_at=timezone.now())

    page = desk.post(
        "/admin/tracking/finding/?queue=all",
        action="dismiss",
        _selected_action=[finding.pk],
        confirmed="1",
        reason="Late.",
    )

    assert "The finding was closed before" in page.text
    finding.refresh_from_db()
    assert finding.state == "lapsed"


def test_what_a_finding_saw_is_shown_in_the_readers_language(finding, editor):
    Finding.objects.update(seen={"due_on": "2026-03-31", "title_en": "Publish a report", "title_zh": "发布报告"})

    english = desk_of(editor).open(f"/admin/tracking/finding/{finding.pk}/change/").text
    chinese = desk_of(editor, "zh-hans").open(f"/admin/tracking/finding/{finding.pk}/change/").text

    assert "due on: 2026-03-31<br>title: Publish a report" in english
    assert "发布报告" not in english
    assert "Publish a report" not in chinese and "发布报告" in chinese


def test_the_oldest_finding_comes_first_with_a_way_to_decide(finding, pledge, desk):
    newer = Finding.objects.create(
        record=pledge, kind="due_soon", fingerprint="x", found_at=datetime.now(UTC) - timedelta(days=1)
    )

    page = desk.open("/admin/tracking/finding/")

    assert [row.pk for row in page.response.context["cl"].result_list] == [finding.pk, newer.pk]
    assert f"{path_of(pledge)}?finding={newer.pk}" in page.text
    assert desk.open(f"{path_of(pledge)}?finding={newer.pk}").values["findings"] == [str(newer.pk)]
