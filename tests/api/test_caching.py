"""What has not changed costs a 304; what has is seen at once."""

from datetime import datetime

import pytest
import time_machine

from commitments.models import Pledge
from tests.api.test_details import PAGE, PARIS
from tests.api.test_lists import COLLECTIONS


def etag(api, path, **parameters):
    response = api.ask(path, **parameters)
    assert response.status_code == 200
    return response.headers["ETag"]


def test_an_answer_that_has_not_changed_is_304_after_a_look_at_the_head(api, django_assert_num_queries):
    for path, queries in ((PAGE, 3), ("pledges/", 3), ("actors/", 1), ("actors/state-cn/", 1), ("ledger/", 1), ("", 1)):
        known = etag(api, path)
        with django_assert_num_queries(queries):
            response = api.ask(path, headers={"if-none-match": f'"other", W/{known}'})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["ETag"] == known
        assert response.headers["Vary"] == "Accept-Language, Accept"
        assert response.headers["Data-Version"]


def test_the_etag_is_another_for_every_language_address_version_and_day(api, publishing):
    tags = [
        etag(api, PAGE),
        etag(api, PAGE, lang="zh"),
        api.ask(PAGE, headers={"accept-language": "zh"}).headers["ETag"],
        etag(api, PAGE, as_of="2026-01-01"),
        etag(api, PAGE, fields="ref"),
        etag(api, f"records/{PARIS}/"),
        etag(api, "pledges/"),
        etag(api, "pledges/", format="csv"),
    ]
    pledge = Pledge.objects.get(ref=PARIS)
    pledge.note_en = "Revised."
    pledge.save()
    publishing(pledge)
    tags.append(etag(api, PAGE))

    assert len(set(tags)) == len(tags)
    assert all(tag.startswith('"') for tag in tags)


def test_a_day_that_passes_is_seen_though_nothing_was_published(api):
    with time_machine.travel("2031-07-30T00:00:00Z", tick=False):
        pledge = api.get("pledges/", due_on="2031-07-31")["results"][0]
        known = etag(api, f"pledges/{pledge['ref']}/")
        passes = datetime.fromisoformat(pledge["overdue_from"])
        assert (pledge["overdue"], pledge["due_soon"]) == (False, True)

    with time_machine.travel(passes, tick=False):
        response = api.ask(f"pledges/{pledge['ref']}/", headers={"if-none-match": known})
        assert response.status_code == 200
        assert (response.json()["overdue"], response.json()["due_soon"]) == (True, False)
        assert pledge["ref"] in api.refs("pledges/", overdue="true", due_on="2031-07-31")
        assert pledge["ref"] not in api.refs("pledges/", overdue="true", due_on="2031-07-31", as_of="2031-07-31")


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_answer_may_be_read_by_any_page_on_the_web(api, name):
    response = api.ask(f"{name}/", headers={"origin": "https://elsewhere.example"})
    head = api.client.head(f"/api/v1/{name}/")
    options = api.client.options(f"/api/v1/{name}/", headers={"origin": "https://elsewhere.example"})

    for each in (response, head, options, api.ask("nothing/")):
        assert each.headers["Access-Control-Allow-Origin"] == "*"
    assert (head.status_code, head.content) == (200, b"")
    assert (options.status_code, options.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    assert "Set-Cookie" not in response.headers
    assert response.headers["Cache-Control"] == "public, no-cache"


def test_what_is_asked_by_version_may_be_kept_for_some_minutes(api):
    version = api.get("")["version"]

    assert api.ask(PAGE, version=version, as_of="2026-01-01").headers["Cache-Control"] == "public, max-age=300"
    assert api.ask(PAGE, as_of="2026-01-01").headers["Cache-Control"] == "public, no-cache"
