"""The real starting records, loaded once for all stories about the API; each story takes back what it did."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client, TransactionTestCase

from accounts.models import User
from config import embedded
from publishing.actions import publish
from publishing.models import Act
from tests.conftest import connect_as

BASE = settings.BASE_URL
FIXTURES = Path(__file__).parents[2] / "fixtures"

Answer = dict[str, Any]


@pytest.fixture(scope="package")
def starting_records(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        call_command("load_records", str(FIXTURES), verbosity=0)
        call_command("run_job", "sign_head", verbosity=0)
        with connect_as(embedded.SUPERUSER) as superuser:
            superuser.execute("ANALYZE")
    yield
    with django_db_blocker.unblock():
        vars(TransactionTestCase)["_fixture_teardown"](TransactionTestCase())


class Api:
    """A stranger who asks the API."""

    def __init__(self) -> None:
        self.client = Client()

    def ask(self, path: str, *, headers: dict[str, str] | None = None, **parameters: Any) -> Any:
        """Return the whole response."""
        return self.client.get(f"/api/v1/{path}", parameters, headers=headers or {})

    def get(self, path: str, **parameters: Any) -> Answer:
        """Return the body of an answer that must be there."""
        response = self.ask(path, **parameters)
        assert response.status_code == 200, response.content.decode()
        return response.json()

    def follow(self, url: str) -> Answer:
        """Return the body of the answer at an address that an answer told."""
        assert url.startswith(f"{BASE}/api/v1/")
        return self.client.get(url.removeprefix(BASE)).json()

    def problem(self, path: str, **parameters: Any) -> Answer:
        """Return the body of an answer that must be a problem."""
        response = self.ask(path, **parameters)
        assert response.headers["Content-Type"] == "application/problem+json", response.content.decode()[:500]
        body = response.json()
        assert body["status"] == response.status_code
        return body

    def refs(self, path: str, **parameters: Any) -> list[str]:
        return [result["ref"] for result in self.get(path, fields="ref", **parameters)["results"]]


@pytest.fixture
def api(starting_records: None, db: None) -> Api:
    return Api()


@pytest.fixture
def editor(api: Api) -> User:
    return User.objects.create_superuser("quokka")


@pytest.fixture
def publishing(editor: User) -> Callable[..., int]:
    """Make things public, or bring them up to date with their rows; return the data version that it made."""

    def publish_things(*things: Any) -> int:
        return publish(things=[thing.pk for thing in things], by=editor, act=Act.PUBLISH).seq

    return publish_things
