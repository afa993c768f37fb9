"""An account that is given a role can do its work, and no more."""

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import User
from catalog.models import Theme
from config.roles import keep_roles
from publishing.models import LedgerEntry, PendingEdit
from tests.admin.conftest import desk_of, key_of
from tracking.models import Finding, Record

pytestmark = pytest.mark.django_db

THEME = {"label_en": "Open", "label_zh": "开放", "definition_en": "Open.", "definition_zh": "开放。"}


def person(name, *roles):
    user = User.objects.create_user(name)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def test_editors_prepare_and_nothing_becomes_public_by_it(pledge, finding):
    desk = desk_of(person("emma", "editor"))
    before = LedgerEntry.objects.count()

    refused = desk.send(desk.open("/admin/catalog/theme/add/"), "_publish", **THEME)
    assert "somebody who may publish has to make it public" in refused.text
    assert not Theme.objects.filter(ref="open").exists()
    desk.send(refused, "_save", **THEME)
    key = key_of("open")
    desk.post("/admin/catalog/theme/", action="publish_chosen", _selected_action=[key])

    assert desk.post(f"/admin/catalog/theme/{key}/publish/").status == 403
    assert desk.post(f"/admin/catalog/theme/{key_of('safety')}/unpublish/", note_en="No.").status == 403
    assert desk.open(f"/admin/tracking/record/{pledge.pk}/decide/").status == 200
    assert desk.post(f"/admin/tracking/record/{pledge.pk}/decide/", _approve="1").status == 403
    assert Theme.objects.get(ref="open").state == "draft"
    assert LedgerEntry.objects.count() == before


def test_what_an_editor_changes_on_a_public_thing_waits_for_a_reviewer(world):
    desk = desk_of(person("emma", "editor"))
    before = LedgerEntry.objects.count()

    page = desk.open(f"/admin/catalog/theme/{key_of('safety')}/change/")
    kept = desk.send(page, "_save", definition_en="That nobody is harmed.")

    assert page.buttons[-1] == "Submit the revision"
    assert "That nobody is harmed." in kept.text
    assert Theme.objects.get(ref="safety").definition_en == "Safety"
    assert LedgerEntry.objects.count() == before

    edit = PendingEdit.objects.get()
    assert desk.post(f"/admin/publishing/pendingedit/{edit.pk}/publish/").status == 403
    rita = desk_of(person("rita", "reviewer"))
    assert "That nobody is harmed." in rita.open(f"/admin/publishing/pendingedit/{edit.pk}/change/").text
    rita.post(f"/admin/publishing/pendingedit/{edit.pk}/publish/")

    edit.refresh_from_db()
    assert (edit.state, str(edit.closed_by)) == ("published", "rita")
    assert Theme.objects.get(ref="safety").definition_en == "That nobody is harmed."
    last = LedgerEntry.objects.select_related("change__by").latest("seq")
    assert (last.seq, last.ref, str(last.change.by)) == (before + 1, "safety", "rita")
    history = rita.open(f"/admin/catalog/theme/{key_of('safety')}/history/").response.context["edits"]
    assert str(history[0].by) == "emma"


def test_reviewers_publish_and_approve_and_edit_nothing(pledge, finding):
    emma, rita = desk_of(person("emma", "editor")), desk_of(person("rita", "reviewer"))
    emma.send(emma.open("/admin/catalog/theme/add/"), "_save", **THEME)
    key = key_of("open")

    page = rita.open(f"/admin/catalog/theme/{key}/publish/")
    rita.send(page, "go")
    rita.post("/admin/tracking/finding/", action="claim", _selected_action=[finding.pk])

    assert "开放。" in page.text
    assert Theme.objects.get(ref="open").is_public
    assert str(Finding.objects.get().claimed_by) == "rita"
    assert rita.post(f"/admin/catalog/theme/{key}/change/", label_en="Mine").status == 403
    assert rita.client.get("/admin/catalog/theme/add/").status_code == 403


def test_translators_change_texts_that_stand_in_both_languages_and_nothing_else(pledge):
    desk = desk_of(person("tao", "translator"), "zh-hans")
    path = f"/admin/commitments/pledge/{pledge.pk}/change/"
    page = desk.open(path)
    fields = {name for name in page.values if "-" not in name}
    typed = {name for name in fields if name.endswith(("_en", "_zh")) or name in ("due_date", "commitment")}

    desk.send(page, "_save", title_zh="发布年度报告", due_date="2030-01-01", commitment="1")
    edit = PendingEdit.objects.get()
    desk_of(person("rita", "reviewer")).post(f"/admin/publishing/pendingedit/{edit.pk}/publish/")

    assert typed - {"language", "next"} == {
        f"{name}_{side}" for name in ("title", "due_rule", "note") for side in ("en", "zh")
    }
    record = Record.objects.get(pk=pledge.pk)
    assert (record.title_zh, str(record.due_on)) == ("发布年度报告", "2026-03-31")
    for closed in ("add/", f"{pledge.pk}/delete/", f"{pledge.pk}/unpublish/", f"{pledge.pk}/publish/"):
        assert desk.client.get(f"/admin/commitments/pledge/{closed}").status_code == 403, closed
    assert desk.client.get(f"/admin/tracking/record/{pledge.pk}/decide/").status_code == 403


def test_a_text_of_a_draft_that_a_translator_changes_is_all_that_is_written(world):
    emma, tao = desk_of(person("emma", "editor")), desk_of(person("tao", "translator"))
    emma.send(emma.open("/admin/catalog/theme/add/"), "_save", **THEME)
    path = f"/admin/catalog/theme/{key_of('open')}/change/"

    tao.send(tao.open(path), "_save", label_zh="公开", ref="closed", parent=key_of("safety"))

    theme = Theme.objects.get(label_zh="公开")
    assert (theme.ref, theme.parent, str(theme.prepared_by)) == ("open", None, "tao")


def test_every_migration_gives_the_roles_the_rights_that_they_are_shipped_with(db):
    editors = Group.objects.get(name="editor")
    own = Group.objects.create(name="interns")
    shipped = set(editors.permissions.values_list("codename", flat=True))
    editors.permissions.set(Permission.objects.filter(codename="approve_decision"))

    keep_roles()

    assert set(editors.permissions.values_list("codename", flat=True)) == shipped
    assert Group.objects.get(name="interns") == own
    assert Group.objects.count() == 5


def test_who_is_given_a_role_is_staff_and_who_loses_the_last_one_is_not(db):
    emma = person("emma", "editor", "reviewer")
    assert User.objects.get(pk=emma.pk).is_staff

    emma.groups.remove(Group.objects.get(name="editor"))
    assert User.objects.get(pk=emma.pk).is_staff
    emma.groups.clear()

    assert not User.objects.get(pk=emma.pk).is_staff
