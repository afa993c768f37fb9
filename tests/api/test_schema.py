"""The description of the API is true, complete, and changes only on purpose."""

from itertools import product
from pathlib import Path

import pytest
import schemathesis
import yaml
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance
from schemathesis.core.result import Ok

from tests.api.test_facets import FACETS
from tests.api.test_lists import COLLECTIONS, RESOURCES

SNAPSHOT = Path(__file__).parents[1] / "contracts" / "openapi.yaml"


@pytest.fixture
def one_connection():
    """The connection of the test, whose transaction holds what was done, outlives each request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_every_answer_is_as_it_is_described(api, one_connection):
    described = schemathesis.openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application())
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]

    for operation, mode in product(
        [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)], modes
    ):

        @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def holds(case):
            # A ref that fits the pattern need not exist, so a question that fits the schema can still be refused.
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        holds()


def test_the_description_has_no_faults_and_equals_its_snapshot(tmp_path):
    written = tmp_path / "openapi.yaml"

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(written))

    assert written.read_text() == SNAPSHOT.read_text(), "Look at what has changed; `make snapshot` writes it down."


def test_every_address_is_described(api):
    described = yaml.safe_load(api.client.get("/api/schema/").content)

    lists = {f"/api/v1/{name}/" for name in COLLECTIONS}
    facets = {f"/api/v1/{name}/facets/" for name in FACETS}
    ones = {f"/api/v1/{name}/{{ref}}/" for name in RESOURCES}
    about_one = {f"/api/v1/{name}/{{ref}}/{word}/" for name in RESOURCES for word in ("history", "proof", "citation")}
    others = {"/api/v1/", "/api/v1/usage/", "/api/v1/submissions/", "/api/v1/submissions/{receipt}/"}
    cited = {f"/api/v1/{name}/citation/" for name in RESOURCES}
    assert set(described["paths"]) == {*others, *lists, *facets, *ones, *about_one, *cited}
    for name in COLLECTIONS:
        operation = described["paths"][f"/api/v1/{name}/"]["get"]
        assert operation["description"], name


def test_no_parameter_is_described_twice(api):
    described = yaml.safe_load(api.client.get("/api/schema/").content)

    for path, operations in described["paths"].items():
        for operation in operations.values():
            named = [each.get("name") or each["$ref"].rpartition("/")[2] for each in operation["parameters"]]
            assert sorted(named) == sorted(set(named)), path


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

    status = operation.locator(".live-responses-table tbody .response-col_status")
    status.wait_for()
    assert "200" in status.inner_text()
