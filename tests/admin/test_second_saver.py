"""Two people at the same form: the second sees what the first saved, who and when, and loses nothing."""

import threading

import pytest
from django.db import connection

from mechanisms.models import Proposal
from publishing.models import Document, LedgerEntry
from tests.admin.conftest import desk_of, key_of
from tracking.models import Evidence, Record

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(pledge):
    return f"/admin/commitments/pledge/{pledge.pk}/change/"


def test_the_second_sees_what_differs_and_nothing_is_lost(pledge, path, desk, reviewers_desk):
    mine, theirs = desk.open(path), reviewers_desk.open(path)
    reviewers_desk.send(theirs, "_save", title_en="Their title", title_zh="他们的标题", sources=[key_of("src-report")])
    before = LedgerEntry.objects.count()

    late = desk.send(mine, "_save", title_en="My title", review_every="P90D")

    assert "Saved by reviewer" in late.text
    differences = {part.label: part for part in late.response.context["adminform"].form.differences}
    title = differences["Title (English)"]
    assert (title.opened, title.stored, title.typed) == ("Publish a report", "Their title", "My title")
    assert title.kept
    assert not differences["Title (Chinese)"].kept
    assert (differences["Sources"].opened, differences["Sources"].stored) == ("–", "src-report")
    assert late.values["title_en"] == ["My title"] and late.values["title_zh"] == ["他们的标题"]
    assert late.values["review_every"] == ["P90D"] and late.values["sources"] == [str(key_of("src-report"))]
    assert LedgerEntry.objects.count() == before

    desk.send(late, "_save")
    stored = Record.objects.get(pk=pledge.pk)
    assert (stored.title_en, stored.title_zh, stored.review_every) == ("My title", "他们的标题", "P90D")
    assert [source.ref for source in stored.sources.all()] == ["src-report"]
    assert Document.objects.current().get(thing=pledge.pk).body["title_en"] == "My title"


def test_rows_on_the_page_of_another_thing_are_compared_too(pledge, path, desk, reviewers_desk):
    mine = desk.open(path)
    evidence = key_of("evd-seoul.report.acme-1")
    theirs = reviewers_desk.open(f"/admin/tracking/evidence/{evidence}/change/")
    reviewers_desk.send(theirs, "_save", shows_en="It is on page 4.")

    late = desk.send(mine, "_save", evidence__0__shows_en="It is on page 5.")

    assert "It is on page 4." in late.text and late.values["evidence-0-shows_en"] == ["It is on page 5."]
    assert Evidence.objects.get(pk=evidence).shows_en == "It is on page 4."
    desk.send(late, "_save")
    assert Evidence.objects.get(pk=evidence).shows_en == "It is on page 5."


def test_what_took_a_proposal_up_is_compared_too(pledge, desk, reviewers_desk):
    proposal = Proposal.objects.get(ref="safe-zones")
    path = f"/admin/mechanisms/proposal/{proposal.pk}/change/"
    mine, theirs = desk.open(path), reviewers_desk.open(path)
    reviewers_desk.send(theirs, "_save", taken_up_by__0__note_en="On its list since May.")

    late = desk.send(mine, "_save", taken_up_by__0__note_en="Tabled there.", taken_up_by__0__note_zh="已提交。")

    assert "On its list since May." in late.text and late.values["taken_up_by-0-note_en"] == ["Tabled there."]
    assert proposal.taken_up_by.get().note_en == "On its list since May."
    desk.send(late, "_save")
    taken_up = proposal.taken_up_by.get()
    assert (taken_up.note_en, taken_up.note_zh) == ("Tabled there.", "已提交。")


def test_who_saves_the_same_or_alone_is_not_asked(pledge, path, desk, reviewers_desk):
    mine, theirs = desk.open(path), reviewers_desk.open(path)
    reviewers_desk.send(theirs, "_save", title_en="The same title")

    desk.send(mine, "_save", title_en="The same title", review_every="P30D")

    stored = Record.objects.get(pk=pledge.pk)
    assert (stored.title_en, stored.review_every) == ("The same title", "P30D")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_the_same_moment_one_is_shown_the_others_words(pledge, path, reviewer):
    desks = [desk_of(reviewer), desk_of(reviewer)]
    pages = [desk.open(path) for desk in desks]
    ready = threading.Barrier(2)
    answers = []

    def save(number):
        try:
            ready.wait(10)
            answers.append(desks[number].send(pages[number], "_continue", title_en=f"Title {number}").text)
        finally:
            connection.close()

    people = [threading.Thread(target=save, args=[number]) for number in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert sorted("Somebody saved this while you had it open." in text for text in answers) == [False, True]
