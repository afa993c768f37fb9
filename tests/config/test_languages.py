"""A reader of Chinese meets no English sentence of ours: on the public pages, in the admin, the API and the mails."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.test import Client

from accounts.models import User
from config.messages import extract
from subscriptions.models import Message
from tests.admin.world import records
from tests.commitments.world import load
from tracking.models import Finding, FindingKind, Record

PLEDGE, PROPOSAL, MECHANISM = "seoul.report.acme", "safe-zones", "summit"

PUBLIC_PAGES = {
    "": 200,
    "records/": 200,
    "records/?q=安全&page=1": 200,
    "records/?q=nothing-like-it": 200,
    "records/?page=99": 400,
    "records/?statis=fulfilled": 400,
    f"records/{PLEDGE}/": 200,
    f"records/{PLEDGE}/?as_of=2026-01-01": 200,
    f"records/{PLEDGE}/?version=999": 400,
    f"records/{PROPOSAL}/": 200,
    f"records/{MECHANISM}/": 200,
    "records/nothing/": 404,
    "actors/acme/": 200,
    "instruments/seoul/": 200,
    "themes/safety/": 200,
    "method/": 200,
    "statuses/": 200,
    "subscribe/": 200,
    f"subscribe/?follow={PLEDGE}": 200,
    "subscribe/sent/": 200,
    "subscriptions/no-such-key/": 404,
    "nothing/": 404,
}
PROBLEMS = (
    "/api/v1/nothing/",
    "/api/v1/pledges/nothing/",
    "/api/v1/pledges/?foo=1",
    "/api/v1/pledges/?status=nope&page_size=0&due_on__gte=x&overdue=perhaps",
    "/api/v1/pledges/?cursor=made-up",
    "/api/v1/pledges/?version=999",
    "/api/v1/pledges/?format=csv&page_size=5",
    f"/api/v1/pledges/{PROPOSAL}/",
)

pytestmark = pytest.mark.django_db


def sentences() -> list[str]:
    """Return what is longer than three words between the placeholders and tags of every sentence in the code."""
    names = {
        name
        for message in extract()
        if message.id
        for name in ((message.id,) if isinstance(message.id, str) else message.id)
    }
    pieces = {" ".join(piece.split()) for name in names for piece in re.split(r"%%|%\(\w+\)[-\d]*[sd]|<[^>]+>", name)}
    return sorted(piece for piece in pieces if len(re.findall(r"[A-Za-z]+", piece)) > 3)


@pytest.fixture(scope="module")
def ours() -> list[str]:
    return sentences()


@pytest.fixture
def world(tmp_path):
    load(tmp_path / "world", records())
    Finding.objects.create(
        record=Record.objects.get(ref=PLEDGE),
        kind=FindingKind.DEADLINE_PASSED,
        fingerprint="2026-03-31",
        seen={"due_on": "2026-03-31"},
        found_at="2026-04-01T12:00:00Z",
    )


@pytest.fixture
def desk():
    client = Client()
    client.force_login(User.objects.create_superuser("reviewer"))
    client.cookies["django_language"] = "zh-hans"
    return client


def english_in(text: str, ours: list[str]) -> list[str]:
    """Return our English sentences in a page, attributes included.

    What is marked as English is meant to be it, and the names of permissions are rows of the database.
    """
    rest = re.sub(r'<(?!html)(\w+)[^>]*\blang="en"[^>]*>.*?</\1>', " ", text, flags=re.DOTALL)
    rest = re.sub(r'<select name="(user_)?permissions".*?</select>', " ", rest, flags=re.DOTALL)
    rest = " ".join(unescape(rest).split())
    return [sentence for sentence in ours if sentence in rest]


def test_our_sentences_are_found_where_they_stand(world, client, ours):
    assert len(ours) > 400
    assert len(english_in(client.get(f"/en/records/{PLEDGE}/").content.decode(), ours)) > 5
    assert english_in("<p>There is nothing\n at this address</p>", ours)
    assert not english_in('<dd lang="en">There is nothing at this address</dd><p>Nothing there</p>', ours)


def test_the_public_pages_are_in_chinese(world, client, ours):
    left = {}
    for page, status in PUBLIC_PAGES.items():
        answer = client.get(f"/zh-hans/{page}")
        assert answer.status_code == status, page
        left[page] = english_in(answer.content.decode(), ours)

    assert {page: found for page, found in left.items() if found} == {}


def test_the_admin_is_in_chinese(world, desk, ours):
    left = {}

    def read(path: str) -> None:
        answer = desk.get(path, follow=True)
        if answer.status_code != 403:
            assert answer.status_code == 200, path
            left[path] = english_in(answer.content.decode(), ours)

    read("/admin/")
    for model in admin.site._registry:
        folder = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        read(folder)
        read(f"{folder}add/")
        for row in model._base_manager.order_by("-pk")[:1]:
            read(f"{folder}{row.pk}/change/")
            read(f"{folder}{row.pk}/history/")
    for ref in (PLEDGE, PROPOSAL, MECHANISM):
        read(f"/admin/tracking/record/{Record.objects.get(ref=ref).pk}/decide/")

    assert len(left) > 60
    assert {path: found for path, found in left.items() if found} == {}


def test_what_the_admin_answers_to_mistakes_is_in_chinese(world, desk, ours):
    decide = f"/admin/tracking/record/{Record.objects.get(ref=PLEDGE).pk}/decide/"
    link = {"link-TOTAL_FORMS": "1", "link-INITIAL_FORMS": "0", "link-0-url": "https://example.org/new"}
    mistaken = (
        desk.post(decide, link | {"_preview": "1", "effective_on": "2126-01-01"}),
        desk.post("/admin/catalog/actor/add/", {"ref": "Not a ref", "country": "kr", "wikidata": "148"}),
        desk.post(
            "/admin/tracking/finding/",
            {"action": "dismiss", "_selected_action": str(Finding.objects.get().pk)},
            follow=True,
        ),
    )

    assert [answer.status_code for answer in mistaken] == [200, 200, 200]
    assert [english_in(answer.content.decode(), ours) for answer in mistaken] == [[], [], []]


def test_problems_and_lists_of_the_api_are_told_in_chinese(world, client, ours):
    answers = {path: client.get(path + ("&" if "?" in path else "?") + "lang=zh") for path in PROBLEMS}

    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code < 400} == {}
    told = {path: f"{answer.json()['title']} {answer.json()['detail']}" for path, answer in answers.items()}
    assert {path: text for path, text in told.items() if english_in(text, ours)} == {}
    assert all(re.search("[\u4e00-\u9fff]", text) for text in told.values())
    assert english_in(client.get("/api/v1/?lang=zh").content.decode(), ours) == []


def test_the_mail_that_asks_for_consent_is_in_chinese(world, client, ours):
    wish = {"frequency": "daily", "language": "zh-hans", "time_zone": "Asia/Shanghai", "follow": PLEDGE}
    client.post("/en/subscribe/", {"email": "ada@example.org"} | wish)

    message = Message.objects.get()
    written = f"{message.subject} {message.text} {message.html}"
    assert "请确认" in message.subject
    assert english_in(written, ours) == []
