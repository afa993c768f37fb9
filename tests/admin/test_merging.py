"""Merging at the desk: one person says that two are the same, another one looks at both and does it."""

from typing import Any

import pytest
from playwright.sync_api import Page

from accounts.models import User
from publishing import ledger
from publishing.errors import MergerPreparedByYourself, NotAllowedToPublish
from publishing.merging import merge, undo_merger
from publishing.models import LedgerEntry, Merger, Publishable
from tests.admin.conftest import desk_of, key_of
from tests.admin.test_roles import person
from tests.browser.test_pages_public import faults_of
from tests.commitments.world import load
from tests.publishing.test_merging import NOW, get, leads, twice


@pytest.fixture(autouse=True)
def two_people(settings):
    settings.TWO_PERSON_RULE = True


@pytest.fixture
def world(db, tmp_path):
    load(tmp_path / "world", twice())


@pytest.fixture
def merger(world):
    """A merger that an editor has prepared from the page of the one that goes."""
    desk = desk_of(person("emma", "editor", "reviewer"))
    form = desk.open(f"/admin/mechanisms/mechanism/{key_of('forum-2')}/merge/")
    desk.send(form, "_look", into="forum", note_en="One and the same.")
    return Merger.objects.get()


def path_of(merger: Merger, page: str) -> str:
    return f"/admin/publishing/merger/{merger.pk}/{page}/"


def test_a_merger_shows_both_sides_and_all_that_moves_and_another_person_does_it(merger):
    emma, rita = desk_of(User.objects.get(username="emma")), desk_of(person("rita", "reviewer"), "zh-hans")
    before = ledger.head()

    own = emma.open(path_of(merger, "change"))
    assert "another person who may publish has to do it" in own.text
    assert "Merge" not in own.buttons
    assert "so another person has to do it" in emma.post(path_of(merger, "do")).text
    with pytest.raises(MergerPreparedByYourself):
        merge(merger=merger, by=merger.prepared_by, now=NOW)
    assert ledger.head() == before
    assert get("/en/records/forum-2/").status_code == 200

    page = rita.open(path_of(merger, "change"))
    told = [(str(group.kind), group.number, group.refs) for group in page.response.context["moving"]]
    assert told == [
        ("证据", 1, ["evd-forum-2"]),
        ("回应", 1, ["rsp-forum"]),
        ("机制", 1, ["track"]),
        ("活动", 1, ["forum-2026"]),
    ]
    assert list(page.response.context["gone"]) == ["chg.forum-2"]
    assert {each["field"] for each in page.response.context["differences"]} >= {"status", "members"}
    rita.post(path_of(merger, "do"))

    assert leads("/en/records/forum-2/") == "/en/records/forum/"
    assert str(LedgerEntry.objects.latest("seq").change.by) == "rita"
    old = rita.open(f"/admin/mechanisms/mechanism/{key_of('forum-2')}/change/")
    assert path_of(merger, "change") in old.text
    assert emma.post(f"/admin/mechanisms/mechanism/{key_of('forum-2')}/change/", title_en="Mine").status == 403
    rita.post(path_of(merger, "undo"))
    assert get("/en/records/forum-2/").status_code == 200


@pytest.mark.parametrize("role", ["editor", "translator", "administrator"])
def test_who_may_not_publish_neither_merges_nor_undoes_nor_discards(merger, role):
    somebody, before = person("somebody", role), ledger.head()
    desk = desk_of(somebody)

    for page in ("do", "discard", "undo"):
        assert desk.client.get(path_of(merger, page)).status_code == 405
        desk.post(path_of(merger, page))
    with pytest.raises(NotAllowedToPublish):
        merge(merger=merger, by=somebody, now=NOW)
    with pytest.raises(NotAllowedToPublish):
        undo_merger(merger=merger, by=somebody, now=NOW)

    merger.refresh_from_db()
    assert (merger.state, ledger.head()) == ("waiting", before)
    form = desk.client.get(f"/admin/mechanisms/mechanism/{key_of('forum')}/merge/")
    assert form.status_code == (200 if role == "editor" else 403)


def test_a_ref_that_is_nothing_of_the_kind_is_said_at_the_form_and_nothing_is_kept(world):
    desk = desk_of(person("emma", "editor"))
    form = desk.open(f"/admin/mechanisms/mechanism/{key_of('forum-2')}/merge/")

    answers = [desk.send(form, "_look", into=ref, note_en="The same.") for ref in ("", "acme", "forum-2", "x y\x00")]
    refused = desk.send(form, "_look", into="track", note_en="The same.")

    assert all(answer.status == 200 and "The same." in answer.text for answer in answers)
    assert "so they cannot be one and the same" in refused.text
    assert Merger.objects.count() == 0


def test_what_waits_is_offered_once_and_can_be_discarded_by_who_prepared_it(merger):
    desk = desk_of(User.objects.get(username="emma"))
    again = desk.open(f"/admin/mechanisms/mechanism/{key_of('forum-2')}/merge/")
    assert path_of(merger, "change") in again.text
    assert "waits already. Do it or discard it first" in desk.send(again, "_look", into="forum").text

    desk.post(path_of(merger, "discard"))

    merger.refresh_from_db()
    assert (merger.state, Publishable.objects.get(ref="forum-2").is_public) == ("discarded", True)
    assert (
        "was done, discarded or undone before" in desk_of(person("rita", "reviewer")).post(path_of(merger, "do")).text
    )


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_two_people_merge_a_record_in_a_browser(live_server: Any, page: Page, tmp_path, settings) -> None:
    load(tmp_path / "world", twice())
    page.set_viewport_size({"width": 360, "height": 800})

    def log_in(name: str, *roles: str) -> None:
        page.context.clear_cookies()
        desk = desk_of(person(name, *roles))
        cookie = desk.client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])

    def fits() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    log_in("emma", "editor")
    page.goto(f"{live_server.url}/admin/mechanisms/mechanism/{key_of('forum-2')}/change/")
    page.get_by_role("link", name="Merge…").click()
    assert fits()
    page.get_by_label("Ref of the one that stays").fill("forum")
    page.get_by_label("Note (English)").fill("One and the same.")
    page.get_by_role("button", name="Show both").click()
    assert fits()
    assert page.get_by_role("button", name="Merge").count() == 0

    log_in("rita", "reviewer")
    page.reload()
    assert faults_of(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    assert "forum-2026" in page.locator(".moving").inner_text()
    page.get_by_role("button", name="Merge", exact=True).click()
    page.get_by_text("Merged. The old ref leads to this one now.").wait_for()
    page.goto(f"{live_server.url}/zh-hans/records/forum-2/")
    assert page.url == f"{live_server.url}/zh-hans/records/forum/"
    assert "“forum-2”此前单独记录" in page.locator("main").inner_text()
    page.get_by_role("link", name="查看合并前的内容").click()
    assert page.url.startswith(f"{live_server.url}/zh-hans/records/forum-2/?version=")

    page.goto(live_server.url + path_of(Merger.objects.get(), "change"))
    page.get_by_role("button", name="Undo the merger").click()
    page.get_by_text("The merger is undone").wait_for()
    page.goto(f"{live_server.url}/en/records/forum-2/")
    assert page.url == f"{live_server.url}/en/records/forum-2/"
