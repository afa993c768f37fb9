"""An account that is given one of the two groups can do its work, and no more."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from accounts.models import User
from catalog.models import Theme
from config.roles import make_roles
from tests.admin.conftest import desk_of, key_of
from tracking.models import Finding

pytestmark = pytest.mark.django_db


def desk_in(group):
    make_roles()
    user = User.objects.create_user(f"one-of-{group.lower()}", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return desk_of(user)


def test_editors_write_and_publish_and_prepare_decisions(pledge, finding):
    desk = desk_in("Editors")
    theme = {"label_en": "Open", "label_zh": "开放", "definition_en": "Open.", "definition_zh": "开放。"}

    desk.send(desk.open("/admin/catalog/theme/add/"), "_publish", **theme)
    decide = desk.open(f"/admin/tracking/record/{pledge.pk}/decide/")

    assert Theme.objects.get(ref="open").is_public
    assert decide.status == 200
    assert desk.open(f"/admin/commitments/commitment/{key_of('seoul.report')}/pledges/").status == 200
    assert desk.post(f"/admin/tracking/record/{pledge.pk}/decide/", _approve="1").status == 403
    desk.post("/admin/tracking/finding/", action="claim", _selected_action=[finding.pk])
    assert Finding.objects.get().claimed_by is None
    for closed in ("accounts/user", "auth/group", "subscriptions/subscription"):
        assert desk.open(f"/admin/{closed}/").status == 403


def test_reviewers_also_work_off_the_findings(pledge, finding):
    desk = desk_in("Reviewers")

    desk.post("/admin/tracking/finding/", action="claim", _selected_action=[finding.pk])

    assert Finding.objects.filter(claimed_by__username="one-of-reviewers").exists()
    assert desk.post(f"/admin/tracking/record/{pledge.pk}/decide/", _approve="1").status == 200
    assert desk.open("/admin/accounts/user/").status == 403


def test_a_group_that_is_there_keeps_what_was_changed_in_it(db):
    call_command("make_roles", verbosity=0)
    editors = Group.objects.get(name="Editors")
    editors.permissions.clear()

    call_command("make_roles", verbosity=0)

    assert not editors.permissions.exists()
    assert Group.objects.count() == 2
