"""With the two-person rule, nobody publishes what they were the last to edit, whichever way they try."""

import re
from datetime import date

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from accounts.models import User
from catalog.models import Theme
from publishing.actions import publish, unpublish
from publishing.errors import PreparedByYourself
from publishing.models import Act, LedgerEntry, PendingEdit, Publishable
from tests.admin.conftest import desk_of, key_of
from tests.admin.test_who_may import addresses
from tests.admin.world import records
from tests.commitments.world import load
from tracking.actions import prepare_decision
from tracking.models import Decision, Evidence, StatusChange

pytestmark = pytest.mark.django_db

THEME = {"label_en": "Open", "label_zh": "开放", "definition_en": "Open.", "definition_zh": "开放。"}


@pytest.fixture(autouse=True)
def two_people(settings):
    settings.TWO_PERSON_RULE = True


def colleague(name):
    user = User.objects.create_user(name)
    user.groups.set(Group.objects.filter(name__in=["editor", "reviewer"]))
    return user


@pytest.fixture
def ann(db):
    return colleague("ann")


@pytest.fixture
def bo(db):
    return colleague("bo")


@pytest.fixture
def draft(world, ann):
    desk = desk_of(ann)
    desk.send(desk.open("/admin/catalog/theme/add/"), "_save", **THEME)
    return Theme.objects.get(ref="open")


def test_neither_form_nor_page_nor_list_nor_another_session_publishes_ones_own_draft(draft, ann):
    before = LedgerEntry.objects.count()
    path = f"/admin/catalog/theme/{draft.pk}"

    form = desk_of(ann).open(f"{path}/change/")
    answers = [
        desk_of(ann).send(form, "_publish", definition_en="Open to all."),
        desk_of(ann).post(f"{path}/publish/"),
        desk_of(ann).post("/admin/catalog/theme/", action="publish_chosen", _selected_action=[draft.pk]),
    ]
    with pytest.raises(PreparedByYourself):
        publish(things=[draft.pk], by=User.objects.get(username="ann"), act=Act.PUBLISH)

    assert "Save and publish" not in form.buttons
    assert all("You were the last to edit “open”" in answer.text for answer in answers)
    assert LedgerEntry.objects.count() == before
    assert Theme.objects.get(pk=draft.pk).definition_en == "Open."


def test_a_colleague_publishes_it_and_who_mends_it_hands_it_back(draft, ann, bo):
    desk = desk_of(bo)
    desk.send(desk.open(f"/admin/catalog/theme/{draft.pk}/change/"), "_save", definition_en="Open to all.")
    assert "You were the last" in desk.post(f"/admin/catalog/theme/{draft.pk}/publish/").text

    desk_of(ann).post(f"/admin/catalog/theme/{draft.pk}/publish/")

    theme = Theme.objects.get(pk=draft.pk)
    assert (theme.is_public, theme.prepared_by) == (True, None)


def test_saving_without_a_change_makes_nobody_the_one_who_prepared_it(draft, bo):
    desk = desk_of(bo)

    desk.send(desk.open(f"/admin/catalog/theme/{draft.pk}/change/"), "_save")

    assert str(Theme.objects.get(pk=draft.pk).prepared_by) == "ann"


def test_ones_own_revision_of_a_public_thing_waits_and_is_refused_to_oneself(world, ann, bo):
    desk = desk_of(ann)
    desk.send(desk.open(f"/admin/catalog/theme/{key_of('safety')}/change/"), "_save", definition_en="No harm.")
    edit = PendingEdit.objects.get()
    before = LedgerEntry.objects.count()

    own = desk.post(f"/admin/publishing/pendingedit/{edit.pk}/publish/")
    assert "You were the last to edit “safety”" in own.text
    assert (Theme.objects.get(ref="safety").definition_en, LedgerEntry.objects.count()) == ("Safety", before)
    desk_of(bo).post(f"/admin/publishing/pendingedit/{edit.pk}/publish/")
    again = desk_of(bo).post(f"/admin/publishing/pendingedit/{edit.pk}/publish/")

    assert "published or discarded before" in again.text
    assert (Theme.objects.get(ref="safety").definition_en, LedgerEntry.objects.count()) == ("No harm.", before + 1)


def test_new_children_of_a_public_thing_wait_with_it(world, ann, bo):
    path = f"/admin/commitments/instrument/{key_of('seoul')}/change/"
    row = {"signatures__TOTAL_FORMS": 2, "signatures__1__actor": key_of("bell"), "signatures__1__publish_with_it": "on"}
    row["signatures__1__sources"] = [str(key_of("src-report"))]

    desk_of(ann).send(desk_of(ann).open(path), "_save", **row)
    assert not Publishable.objects.filter(ref="signature.seoul.bell").exists()
    desk_of(bo).post(f"/admin/publishing/pendingedit/{PendingEdit.objects.get().pk}/publish/")

    assert Publishable.objects.get(ref="signature.seoul.bell").is_public


def test_an_edit_that_was_overtaken_is_not_published_and_opens_in_the_form_as_it_was(world, ann, bo):
    path = f"/admin/catalog/theme/{key_of('safety')}/change/"
    desk_of(ann).send(desk_of(ann).open(path), "_save", definition_en="No harm.")
    edit = PendingEdit.objects.get()
    Theme.objects.filter(ref="safety").update(definition_zh="无害。")
    publish(things=[key_of("safety")], by=None, act=Act.PUBLISH)
    before = LedgerEntry.objects.count()

    refused = desk_of(bo).post(f"/admin/publishing/pendingedit/{edit.pk}/publish/")
    opened = desk_of(ann).open(f"{path}?edit={edit.pk}")

    assert "Somebody saved this while you had it open." in refused.text
    edit.refresh_from_db()
    assert edit.state == "waiting"
    assert opened.values["definition_en"] == ["No harm."]
    assert (LedgerEntry.objects.count(), Theme.objects.get(ref="safety").definition_en) == (before, "Safety")


def test_an_edit_is_discarded_by_its_author_or_a_reviewer(world, ann, bo):
    path = f"/admin/catalog/theme/{key_of('safety')}/change/"
    desk_of(ann).send(desk_of(ann).open(path), "_save", definition_en="No harm.")

    tao = User.objects.create_user("tao")
    tao.groups.set(Group.objects.filter(name="translator"))
    path = f"/admin/publishing/pendingedit/{PendingEdit.objects.get().pk}/discard/"

    assert "somebody who may publish" in desk_of(tao).post(path).text
    assert PendingEdit.objects.get().state == "waiting"
    desk_of(bo).post(path)

    edit = PendingEdit.objects.get()
    assert (edit.state, str(edit.closed_by)) == ("discarded", "bo")
    assert Theme.objects.get(ref="safety").definition_en == "Safety"


def test_taking_something_out_of_the_public_needs_one_person_and_bringing_it_back_another_only_if_it_was_edited(
    world, ann
):
    thing = Publishable.objects.get(ref="div-1")
    unpublish(thing=thing, note_en="Wrong.", note_zh="", by=ann)
    assert not Publishable.objects.get(pk=thing.pk).is_public

    publish(things=[thing.pk], by=ann, act=Act.PUBLISH)

    assert Publishable.objects.get(pk=thing.pk).is_public


def test_what_comes_back_with_a_thing_needs_another_person_too_if_it_was_edited(world, ann, bo):
    unpublish(thing=Publishable.objects.get(ref="seoul.report"), note_en="Wrong.", note_zh="", by=bo)
    desk = desk_of(ann)
    desk.send(desk.open(f"/admin/commitments/pledge/{key_of('seoul.report.acme')}/change/"), "_save", note_en="Late.")
    before = LedgerEntry.objects.count()

    refused = desk.post(f"/admin/commitments/commitment/{key_of('seoul.report')}/publish/")

    assert "You were the last to edit “seoul.report.acme”" in refused.text
    assert LedgerEntry.objects.count() == before
    assert not Publishable.objects.get(ref="seoul.report").is_public
    desk_of(bo).post(f"/admin/commitments/commitment/{key_of('seoul.report')}/publish/")
    back = Publishable.objects.get(ref="seoul.report.acme")
    assert (back.is_public, back.prepared_by) == (True, None)


def test_approving_a_colleagues_decision_publishes_no_evidence_that_one_was_the_last_to_edit(pledge, ann, bo):
    desk = desk_of(ann)
    typed = {"record": pledge.pk, "source": key_of("src-report"), "stance": "supports", "observed_on": "2026-03-31"}
    page = desk.open("/admin/tracking/evidence/add/")
    desk.send(page, "_save", ref="evd-new", shows_en="It is out.", shows_zh="已发布。", **typed)
    decision = prepare_decision(
        record=pledge,
        status="fulfilled",
        effective_on=date(2026, 3, 31),
        evidence=[Evidence.objects.get(ref="evd-new")],
        reason_en="It is out.",
        by=bo,
        now=timezone.now(),
    )
    before = LedgerEntry.objects.count()

    refused = desk.post(f"/admin/tracking/decision/{decision.pk}/approve/")

    assert "You were the last to edit “evd-new”" in refused.text
    assert (LedgerEntry.objects.count(), StatusChange.objects.filter(record=pledge).exists()) == (before, False)
    assert Decision.objects.get().state == "submitted"
    cy = colleague("cy")
    desk_of(cy).post(f"/admin/tracking/decision/{decision.pk}/approve/")
    assert (Decision.objects.get().state, Evidence.objects.get(ref="evd-new").is_public) == ("approved", True)


def test_pledges_that_one_makes_are_published_by_another_person(world, ann, bo):
    desk = desk_of(ann)
    row = {"signatures__TOTAL_FORMS": 2, "signatures__1__actor": key_of("bell")}
    desk.send(desk.open(f"/admin/commitments/instrument/{key_of('seoul')}/change/"), "_save", **row)
    page = desk.open(f"/admin/commitments/commitment/{key_of('seoul.report')}/pledges/")
    before = LedgerEntry.objects.count()

    refused = desk.send(page, "_publish")
    assert "You were the last to edit “seoul.report.bell”" in refused.text
    assert not Publishable.objects.filter(ref="seoul.report.bell").exists()
    desk.send(page, "_draft")

    made = Publishable.objects.get(ref="seoul.report.bell")
    assert (made.state, made.prepared_by, LedgerEntry.objects.count()) == ("draft", ann, before)


def test_the_api_takes_nothing_from_anybody(world, bo):
    browser = Client(raise_request_exception=False)
    browser.force_login(bo)
    before = LedgerEntry.objects.count()

    for route, _pattern in addresses(get_resolver("api.urls").url_patterns):
        address = "/api/" + re.sub(r"\(\?P<\w+>.*\)", "safety", route.removeprefix("^")).removesuffix("\\Z")
        for method in ("post", "put", "patch", "delete"):
            assert getattr(browser, method)(address).status_code >= 300, (method, address)
    assert LedgerEntry.objects.count() == before


def test_what_an_operator_loads_has_no_second_person(world, tmp_path):
    changed = records()
    changed["themes"][0]["definition_en"] = "No harm."

    load(tmp_path / "again", changed)

    assert Theme.objects.get(ref="safety").definition_en == "No harm."
