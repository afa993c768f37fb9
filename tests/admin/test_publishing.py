"""Drafts, publishing, revising, unpublishing, and what is kept of it."""

import pytest

from catalog.models import Actor, Theme
from commitments.models import Commitment, Pledge, Signature
from publishing.models import Change, Document, LedgerEntry, Publishable
from tests.admin.conftest import desk_of, key_of
from tracking.models import Evidence

pytestmark = pytest.mark.django_db


def new_theme(desk, button, **typed):
    given = {"label_en": "Open models", "label_zh": "开放模型", "definition_en": "Models.", "definition_zh": "模型。"}
    return desk.send(desk.open("/admin/catalog/theme/add/"), button, **(given | typed))


def test_a_new_thing_is_a_draft_that_nobody_sees_and_its_ref_is_proposed(world, desk):
    before = LedgerEntry.objects.count()

    new_theme(desk, "_save")

    theme = Theme.objects.get(label_en="Open models")
    assert (theme.ref, theme.state) == ("open-models", "draft")
    assert LedgerEntry.objects.count() == before


def test_save_and_publish_makes_it_public_in_the_name_of_who_did_it(world, desk, editor):
    page = new_theme(desk, "_publish")

    theme = Theme.objects.get(label_en="Open models")
    assert theme.is_public
    assert Change.objects.order_by("-first_seq")[0].by == editor
    assert Document.objects.current().get(thing=theme).body["label_zh"] == "开放模型"
    assert f"/api/v1/themes/{theme.ref}/" in page.text


def test_the_buttons_say_what_saving_does(world, desk):
    new_theme(desk, "_save")

    draft = desk.open(f"/admin/catalog/theme/{key_of('open-models')}/change/")
    public = desk.open(f"/admin/catalog/theme/{key_of('safety')}/change/")

    assert draft.buttons[-3:] == ["Save as draft", "Save and publish", "Save as draft and go on editing"]
    assert public.buttons[-2:] == ["Save and publish the revision", "Publish the revision and go on editing"]


def test_saving_what_is_public_is_a_revision(world, desk):
    page = desk.open(f"/admin/catalog/theme/{key_of('safety')}/change/")

    desk.send(page, "_save", definition_en="That nobody is harmed.")

    theme = Theme.objects.get(ref="safety")
    assert [entry.action for entry in LedgerEntry.objects.filter(ref="safety").order_by("seq")] == [
        "published",
        "revised",
    ]
    assert Document.objects.current().get(thing=theme).body["definition_en"] == "That nobody is harmed."


def test_saving_without_a_change_writes_nothing_to_the_ledger(world, desk):
    before = LedgerEntry.objects.count()

    desk.send(desk.open(f"/admin/commitments/instrument/{key_of('seoul')}/change/"), "_save")

    assert LedgerEntry.objects.count() == before


def test_what_was_public_keeps_its_ref_and_is_never_deleted(world, desk):
    key = key_of("safety")
    page = desk.open(f"/admin/catalog/theme/{key}/change/")

    desk.send(page, "_save", ref="danger")

    assert Theme.objects.get(pk=key).ref == "safety"
    assert desk.post(f"/admin/catalog/theme/{key}/delete/", post="yes").status == 403
    assert Theme.objects.filter(pk=key).exists()


def test_a_draft_can_be_renamed_and_deleted(world, desk):
    new_theme(desk, "_save")
    key = key_of("open-models")

    desk.send(desk.open(f"/admin/catalog/theme/{key}/change/"), "_save", ref="open-weights")
    assert Theme.objects.get(pk=key).ref == "open-weights"
    desk.post(f"/admin/catalog/theme/{key}/delete/", post="yes")

    assert not Publishable.objects.filter(pk=key).exists()


def test_a_draft_of_evidence_can_be_deleted(pledge, desk):
    desk.send(
        desk.open("/admin/tracking/evidence/add/"),
        "_save",
        record=pledge.pk,
        source=key_of("src-report"),
        stance="supports",
        observed_on="2026-05",
        shows_en="Seen.",
    )
    key = key_of("evd-seoul.report.acme")

    desk.post(f"/admin/tracking/evidence/{key}/delete/", post="yes")

    assert not Evidence.objects.filter(pk=key).exists()


def test_what_is_incomplete_stays_as_typed_with_an_error_at_the_field(world, desk):
    before = LedgerEntry.objects.count()

    page = desk.send(desk.open("/admin/catalog/actor/add/"), "_publish", name_en="Cord", name_zh="科德", kind="company")

    assert page.response.context["adminform"].form.errors["sources"] == ["This is needed before it can be public."]
    assert page.values["name_en"] == ["Cord"]
    assert not Actor.objects.filter(name_en="Cord").exists()
    assert LedgerEntry.objects.count() == before


def test_what_hangs_on_a_draft_cannot_be_public_before_it(world, desk):
    new_theme(desk, "_save")

    page = new_theme(desk, "_publish", label_en="Small models", parent=key_of("open-models"))

    assert "hangs on “open-models”, which is not public" in page.text
    assert not Theme.objects.filter(label_en="Small models").exists()


def test_chosen_drafts_are_published_as_one_change(world, desk):
    new_theme(desk, "_save")
    new_theme(desk, "_save", label_en="Small models", parent=key_of("open-models"))
    keys = [key_of("open-models"), key_of("small-models"), key_of("safety")]
    before = Change.objects.count()

    desk.post("/admin/catalog/theme/", action="publish_chosen", _selected_action=keys)

    assert Change.objects.count() == before + 1
    assert set(Theme.objects.filter(pk__in=keys).values_list("state", flat=True)) == {"published"}


def test_one_draft_that_cannot_be_public_holds_the_others_back(world, desk):
    new_theme(desk, "_save")
    new_theme(desk, "_save", label_en="Small models", parent=key_of("open-models"))
    before = LedgerEntry.objects.count()

    page = desk.post("/admin/catalog/theme/", action="publish_chosen", _selected_action=[key_of("small-models")])

    assert "Nothing was published." in page.text
    assert LedgerEntry.objects.count() == before


def test_unpublishing_asks_for_a_note_and_takes_what_hangs_on_it_along(pledge, desk):
    path = f"/admin/commitments/pledge/{pledge.pk}/unpublish/"

    refused = desk.send(desk.open(path), "go")
    assert "Say in English or Chinese why it is unpublished" in refused.text
    assert Publishable.objects.get(pk=pledge.pk).is_public
    page = desk.send(desk.open(path), "go", note_en="The company asked, and was right.")

    assert "2 other things hang on it" in refused.text
    assert "The company asked, and was right." in page.text
    states = Publishable.objects.filter(ref__in=["seoul.report.acme", "evd-seoul.report.acme-1", "rsp-1"])
    assert set(states.values_list("state", flat=True)) == {"unpublished"}


def test_what_was_unpublished_can_be_published_again(world, desk):
    key = key_of("div-1")
    desk.send(desk.open(f"/admin/sources/divergence/{key}/unpublish/"), "go", note_zh="有误。")

    page = desk.open(f"/admin/sources/divergence/{key}/change/")
    assert "Save and publish again" in page.buttons
    desk.send(page, "_save", summary_en="Mended.")
    assert Publishable.objects.get(pk=key).state == "unpublished"
    desk.send(desk.open(f"/admin/sources/divergence/{key}/change/"), "_publish")

    assert Document.objects.current().get(thing=key).body["summary_en"] == "Mended."


def test_children_are_drafts_until_they_are_published_with_their_parent(world, desk):
    path = f"/admin/commitments/instrument/{key_of('seoul')}/change/"
    row: dict[str, object] = {"signatures__TOTAL_FORMS": 2, "signatures__1__actor": key_of("bell")}
    row["signatures__1__sources"] = [str(key_of("src-report"))]

    desk.send(desk.open(path), "_save", **row)
    signature = Signature.objects.get(actor__ref="bell")
    assert (signature.ref, signature.state) == ("signature.seoul.bell", "draft")
    page = desk.open(path)
    number = next(n for n in range(2) if page.values[f"signatures-{n}-publishable_ptr"] == [str(signature.pk)])
    desk.send(page, "_save", **{f"signatures__{number}__publish_with_it": "on"})

    signature.refresh_from_db()
    assert signature.is_public


def test_a_pledge_takes_title_and_due_day_from_its_commitment(world, desk):
    commitment = Commitment.objects.get(ref="seoul.report")

    desk.send(
        desk.open(f"/admin/commitments/commitment/{commitment.pk}/change/"),
        "_save",
        pledges__TOTAL_FORMS=2,
        pledges__1__actor=key_of("bell"),
        pledges__1__due_kind="none",
        pledges__1__publish_with_it="on",
    )

    pledge = Pledge.objects.get(ref="seoul.report.bell")
    assert (pledge.title_zh, str(pledge.due_on), pledge.state) == ("发布报告", "2026-03-31", "published")
    assert Document.objects.current().get(thing=pledge).body["due_on"] == "2026-03-31"


def test_the_status_is_not_in_any_form(pledge, desk):
    page = desk.open(f"/admin/commitments/pledge/{pledge.pk}/change/")

    desk.send(page, "_save", status="fulfilled", status_since="2026-01-01")

    pledge.refresh_from_db()
    assert (pledge.status, pledge.status_since) == ("not_assessed", None)


def test_the_public_page_is_linked_in_the_readers_language(pledge, editor):
    english = desk_of(editor).open(f"/admin/commitments/pledge/{pledge.pk}/change/")
    chinese = desk_of(editor, "zh-hans").open(f"/admin/commitments/pledge/{pledge.pk}/change/")

    assert 'href="/en/records/seoul.report.acme/"' in english.text
    assert 'href="/zh-hans/records/seoul.report.acme/"' in chinese.text


def test_the_history_shows_who_changed_which_field_in_all_of_its_tables(pledge, desk):
    page = desk.open(f"/admin/commitments/pledge/{pledge.pk}/change/")
    desk.send(page, "_save", title_en="Publish a yearly report", note_en="Asked twice.", due_date="2026-06")

    history = desk.open(f"/admin/commitments/pledge/{pledge.pk}/history/")
    edit = history.response.context["edits"][0]

    assert edit.by.username == "editor"
    assert {(field.name, field.before, field.after) for field in edit.fields} >= {
        ("title (English)", "Publish a report", "Publish a yearly report"),
        ("note (English)", "–", "Asked twice."),
        ("due date", "2026-03-31", "2026-06"),
    }
    assert "revised (publication)" in history.text


def test_somebody_who_may_only_look_cannot_publish(world, editor):
    from django.contrib.auth.models import Permission

    editor.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    desk = desk_of(editor)
    before = LedgerEntry.objects.count()
    key = key_of("safety")

    assert desk.open(f"/admin/catalog/theme/{key}/change/").status == 200
    assert desk.post(f"/admin/catalog/theme/{key}/change/", _publish="1").status == 403
    assert desk.open(f"/admin/catalog/theme/{key}/unpublish/").status == 403
    desk.post("/admin/catalog/theme/", action="publish_chosen", _selected_action=[key])
    assert LedgerEntry.objects.count() == before
