"""Real servers for the tests: PostgreSQL, Valkey, SMTP, Chromium, and the whole product as `make run` starts it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases
from django.utils import translation

from config import embedded
from tests.servers.chromium import browser, page
from tests.servers.flushing import Pristine
from tests.servers.mail import smtp
from tests.servers.stack import run_stack

__all__ = ["browser", "page", "run_stack", "smtp"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the stories that mostly wait, so that others are told beside them."""
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


def pytest_unconfigure() -> None:
    shutil.rmtree(settings.DATA_DIR, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def servers() -> Iterator[None]:
    """PostgreSQL and Valkey for the whole run."""
    with embedded.running(data=settings.DATA_DIR, names=["postgres", "valkey"], say=lambda line: None, durable=False):
        yield


@pytest.fixture(scope="session")
def django_db_setup(servers: None, django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, made and migrated by its owner; the tests then run with the lesser role."""
    with django_db_blocker.unblock():
        connection.settings_dict["USER"] = embedded.OWNER
        made = setup_databases(verbosity=0, interactive=False)
        connection.close()
        connection.settings_dict["USER"] = embedded.APP
        pristine = Pristine(connect_as(embedded.SUPERUSER))

    def flush(self: TransactionTestCase) -> None:
        pristine.restore()
        cache.clear()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", flush)
        yield
    with django_db_blocker.unblock():
        pristine.close()
        connection.close()
        connection.settings_dict["USER"] = embedded.OWNER
        teardown_databases(made, verbosity=0)


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """Each story begins in English, whatever language the one before it was read in."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


def connect_as(role: str) -> psycopg.Connection[Any]:
    given = connection.settings_dict
    return psycopg.connect(
        host=given["HOST"], dbname=given["NAME"], user=role, autocommit=True, passfile=given["OPTIONS"]["passfile"]
    )


@pytest.fixture
def connected_as(transactional_db: None) -> Iterator[Callable[[str], psycopg.Connection[Any]]]:
    """Connect to the test database behind Django's back: as "postgres" (the superuser), "pactwatch" (the owner) or
    "pactwatch_app" (the running role). Each connection commits every statement.
    """
    made: list[psycopg.Connection[Any]] = []

    def connect(role: str) -> psycopg.Connection[Any]:
        made.append(connect_as(role))
        return made[-1]

    yield connect
    for each in made:
        each.close()
