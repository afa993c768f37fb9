"""What follows from a commitment for those that it binds is shown, and made at one press."""

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command

from commitments.models import Commitment, Pledge, Signature
from publishing.models import Change, Document, LedgerEntry, Publishable
from publishing.verifying import Verified, verify
from tests.admin.conftest import desk_of, key_of

pytestmark = pytest.mark.django_db


def new_commitment(desk, button="_publish", **typed):
    given = {
        "instrument": key_of("seoul"),
        "title_en": "Test models",
        "title_zh": "测试模型",
        "text_en": "Test models.",
        "text_zh": "测试模型。",
        "themes": [str(key_of("safety"))],
        "sources": [str(key_of("src-report"))],
        "ref": "seoul.tests",
    }
    return desk.send(desk.open("/admin/commitments/commitment/add/"), button, **(given | typed))


def pledges_page(ref, kind="commitment"):
    return f"/admin/commitments/{kind}/{key_of(ref)}/pledges/"


def test_publishing_a_commitment_tells_which_pledges_are_missing_and_makes_them(world, desk, editor):
    desk.send(desk.open("/admin/commitments/signature/add/"), "_save", instrument=key_of("seoul"), actor=key_of("bell"))

    page = new_commitment(desk, due_kind="fixed", due_date="2027-03")
    assert "2 pledges of who is bound are not recorded yet." in page.text
    shown = desk.open(pledges_page("seoul.tests"))
    assert "seoul.tests.acme" in shown.text and "seoul.tests.bell" in shown.text
    assert not Pledge.objects.filter(commitment__ref="seoul.tests").exists()
    desk.send(shown, "_publish")

    pledge = Pledge.objects.get(ref="seoul.tests.bell")
    assert (pledge.title_zh, str(pledge.due_on), pledge.state) == ("测试模型", "2027-03-31", "published")
    assert Document.objects.current().get(thing=pledge).body["due"]["date"] == "2027-03"
    assert Change.objects.order_by("-first_seq")[0].by == editor
    assert set(pledge.themes.values_list("ref", flat=True)) == {"safety"}
    assert isinstance(verify(), Verified)
    assert "None is missing." in desk.open(pledges_page("seoul.tests")).text


def test_a_recurring_commitment_makes_a_pledge_for_each_period(world, desk):
    new_commitment(desk, due_kind="recurring", due_date="2025-06-30", due_every="P1Y", due_until="2026-12-31")
    before = LedgerEntry.objects.count()

    desk.send(desk.open(pledges_page("seoul.tests")), "_draft")

    made = Pledge.objects.filter(commitment__ref="seoul.tests").order_by("ref")
    assert [(pledge.ref, pledge.state) for pledge in made] == [
        ("seoul.tests.acme", "draft"),
        ("seoul.tests.acme.2025", "draft"),
        ("seoul.tests.acme.2026", "draft"),
    ]
    assert made[1].instance_of == made[0]
    assert LedgerEntry.objects.count() == before


def test_all_who_are_bound_jointly_have_one_pledge(world, desk):
    new_commitment(desk, jointly="on")

    desk.send(desk.open(pledges_page("seoul", "instrument")), "_publish")

    assert Pledge.objects.get(commitment__ref="seoul.tests").ref == "seoul.tests.joint"


def test_a_pledge_is_made_once_and_one_that_was_unpublished_not_again(pledge, desk):
    page = pledges_page("seoul.report")
    desk.send(desk.open(f"/admin/commitments/pledge/{pledge.pk}/unpublish/"), "go", note_en="A mistake.")

    desk.post(page, _draft="1")
    desk.post(page, _draft="1")

    assert Pledge.objects.filter(commitment__ref="seoul.report").count() == 1


def test_pledges_of_a_draft_are_made_as_drafts_and_not_published(world, desk):
    new_commitment(desk, "_save")
    page = pledges_page("seoul.tests")

    refused = desk.send(desk.open(page), "_publish")
    assert "hangs on “seoul.tests”, which is not public" in refused.text
    assert not Pledge.objects.filter(commitment__ref="seoul.tests").exists()
    desk.send(desk.open(page), "_draft")

    assert Pledge.objects.get(commitment__ref="seoul.tests").state == "draft"


def test_a_name_that_something_else_has_is_numbered(world, desk):
    new_commitment(desk)
    theme = {"label_en": "x", "label_zh": "x", "definition_en": "x", "definition_zh": "x"}
    desk.send(desk.open("/admin/catalog/theme/add/"), "_save", ref="seoul.tests.acme", **theme)

    desk.send(desk.open(pledges_page("seoul.tests")), "_publish")

    assert Pledge.objects.get(commitment__ref="seoul.tests").ref == "seoul.tests.acme.2"


def test_who_may_not_add_pledges_does_not_make_them(world, editor):
    editor.user_permissions.set(Permission.objects.exclude(codename="add_pledge"))
    desk = desk_of(editor)
    new_commitment(desk)

    assert desk.post(pledges_page("seoul.tests"), _draft="1").status == 403
    assert "/pledges/" not in desk.open(f"/admin/commitments/commitment/{key_of('seoul.tests')}/change/").text
    assert not Pledge.objects.filter(commitment__ref="seoul.tests").exists()


def test_the_history_of_a_made_pledge_says_who_made_it(world, desk):
    new_commitment(desk)
    desk.send(desk.open(pledges_page("seoul.tests")), "_draft")

    history = desk.open(f"/admin/commitments/pledge/{key_of('seoul.tests.acme')}/history/")

    assert [(logged.user.username, logged.is_addition()) for logged in history.response.context["action_list"]] == [
        ("editor", True)
    ]


def test_a_draft_binds_nobody_when_files_are_loaded(world, desk, tmp_path):
    new_commitment(desk, "_save")
    desk.send(desk.open("/admin/commitments/signature/add/"), "_save", instrument=key_of("seoul"), actor=key_of("bell"))
    assert Commitment.objects.get(ref="seoul.tests").state == Signature.objects.get(actor__ref="bell").state == "draft"
    before = Publishable.objects.count()

    call_command("load_records", str(tmp_path / "world"), verbosity=0)

    assert Publishable.objects.count() == before
