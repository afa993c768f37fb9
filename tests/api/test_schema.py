"""The description of the API is true, complete, and changes only on purpose."""

from pathlib import Path

import pytest
import schemathesis
import yaml
from django.core.management import call_command
from hypothesis import HealthCheck, settings

from config.wsgi import application
from tests.api.test_lists import COLLECTIONS, RESOURCES

SNAPSHOT = Path(__file__).parents[1] / "contracts" / "openapi.yaml"


@pytest.fixture
def description(api):
    return schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)


schema = schemathesis.pytest.from_fixture("description")


@schema.parametrize()
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_every_answer_is_as_it_is_described(case):
    # A ref that fits the pattern need not exist, so a question that fits the schema can still be refused.
    case.call_and_validate(excluded_checks=[schemathesis.checks.positive_data_acceptance])


def test_the_description_has_no_faults_and_equals_its_snapshot(tmp_path):
    written = tmp_path / "openapi.yaml"

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(written))

    assert written.read_text() == SNAPSHOT.read_text(), "Look at what has changed; `make snapshot` writes it down."


def test_every_address_is_described(api):
    described = yaml.safe_load(api.client.get("/api/schema/").content)

    lists = {f"/api/v1/{name}/" for name in COLLECTIONS}
    assert set(described["paths"]) == {"/api/v1/", *lists, *(f"/api/v1/{name}/{{ref}}/" for name in RESOURCES)}
    for name in COLLECTIONS:
        operation = described["paths"][f"/api/v1/{name}/"]["get"]
        assert operation["description"], name


def test_the_description_speaks_the_readers_language(api):
    english, chinese = (api.client.get("/api/schema/", {"format": "json", "lang": lang}) for lang in ("en", "zh"))

    assert english.headers["Content-Type"] == "application/vnd.oai.openapi+json"
    assert (english.headers["Content-Language"], chinese.headers["Content-Language"]) == ("en", "zh-hans")
    assert english.json().keys() == chinese.json().keys()
    again = api.client.get("/api/schema/", {"format": "json", "lang": "en"}, headers={"if-none-match": english["ETag"]})
    assert again.status_code == 304
    assert api.client.get("/api/schema/", {"format": "xml"}).status_code == 400


@pytest.mark.browser
def test_the_description_can_be_read_and_tried_in_a_browser(live_server, page):
    page.goto(f"{live_server.url}/api/docs/")

    operation = page.locator("#operations-actors-list_actors")
    operation.locator(".opblock-summary-control").click()
    operation.locator(".try-out__btn").click()
    operation.locator("button.execute").click()

    assert page.wait_for_selector(
        "#operations-actors-list_actors .live-responses-table .response-col_status"
    ).is_visible()
