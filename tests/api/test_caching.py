"""What has not changed costs a 304; what has is seen at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import caches

from commitments.models import Pledge
from publishing.actions import unpublish
from publishing.models import Publishable
from tests.api.test_details import PAGE, PARIS
from tests.api.test_lists import COLLECTIONS


@pytest.fixture
def keeping(settings):
    """Whole answers are kept in the broker's server, as they are outside of tests."""
    settings.KEEP_ANSWERS = True
    caches["answers"].clear()


def etag(api, path, **parameters):
    response = api.ask(path, **parameters)
    assert response.status_code == 200
    return response.headers["ETag"]


def test_an_answer_that_has_not_changed_is_304_after_a_look_at_the_head(api, django_assert_num_queries):
    for path in (PAGE, "pledges/", "actors/", "actors/state-cn/", "ledger/", "pledges/facets/", ""):
        known = etag(api, path)
        with django_assert_num_queries(1):
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


def test_what_is_asked_by_version_is_another_answer_while_something_is_unpublished(api, editor, publishing):
    thing = Publishable.objects.get(ref="evd-un-panel-brief")
    version = api.get("")["version"]
    asked: dict[str, Any] = {"version": version, "as_of": "2026-01-01", "ref": thing.ref}
    formats = ("json", "csv")
    tags = {format: etag(api, "evidence/", format=format, **asked) for format in formats}
    bodies = {format: api.ask("evidence/", format=format, **asked).getvalue() for format in formats}

    unpublish(thing=thing, note_en="It was another one.", note_zh="", by=editor)
    for format in formats:
        answer = api.ask("evidence/", headers={"if-none-match": tags[format]}, format=format, **asked)
        assert answer.status_code == 200
        assert thing.ref not in answer.getvalue().decode()

    publishing(thing)
    for format in formats:
        assert api.ask("evidence/", format=format, **asked).getvalue() == bodies[format]
        assert api.ask("evidence/", headers={"if-none-match": tags[format]}, format=format, **asked).status_code == 304


LISTED = ("pledges/", "pledges/facets/", f"pledges/?ref={PARIS}&overdue=true", PAGE, f"{PAGE}?lang=zh", "actors/")


def made_anew(api, settings, path):
    settings.KEEP_ANSWERS = False
    answer = api.ask(path)
    settings.KEEP_ANSWERS = True
    return answer


def test_an_answer_that_is_kept_is_given_again_after_a_look_at_the_head(
    api, keeping, settings, django_assert_num_queries
):
    for path in (*LISTED, f"{PAGE}?version={api.get('')['version']}&as_of=2026-01-01"):
        first = api.ask(path)
        with django_assert_num_queries(1):
            again = api.ask(path)
        anew = made_anew(api, settings, path)
        assert (again.status_code, again.content) == (200, first.content) == (200, anew.content)
        assert {**again.headers, "X-Request-ID": ""} == {**anew.headers, "X-Request-ID": ""}
        with django_assert_num_queries(1):
            assert api.ask(path, headers={"if-none-match": first.headers["ETag"]}).status_code == 304
        assert api.ask(path, headers={"accept": "text/html"}).status_code == 406


def test_what_is_kept_is_never_given_after_a_commit_or_after_a_moment_that_turns_it(api, keeping, settings, publishing):
    pledge = Pledge.objects.get(ref=PARIS)
    with time_machine.travel("2031-07-01T00:00:00Z", tick=False) as clock:
        dated = api.get("pledges/", due_on="2031-07-31")["results"][0]
        turning = (f"pledges/{dated['ref']}/", "pledges/?due_soon=true", "pledges/?overdue=true&ordering=-due_on")
        passes = datetime.fromisoformat(dated["overdue_from"])
        moments = (
            passes - timedelta(days=30, microseconds=1),
            passes - timedelta(days=30),
            passes - timedelta(microseconds=1),
            passes,
            passes + timedelta(days=1),
        )
        for number, moment in enumerate(moments):
            clock.move_to(moment)
            for note in ("", f"Note {number}."):
                if note:
                    pledge.note_en = note
                    pledge.save()
                    publishing(pledge)
                for path in (*LISTED, *turning):
                    anew = made_anew(api, settings, path)
                    for _time in range(2):
                        given = api.ask(path)
                        assert (given.content, given.headers["ETag"]) == (anew.content, anew.headers["ETag"])
