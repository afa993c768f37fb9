"""One state of one database for all that one answer reads: of the replica where there is one, else of the main one."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction

from api.state import State, state
from publishing import ledger

REPLICA = "replica"
logger = logging.getLogger(__name__)
_read_from: ContextVar[str] = ContextVar("read_from", default=DEFAULT_DB_ALIAS)


class Router:
    """Sends what is read inside `one_state` to the database that it reads from, and all else to the main one."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return _read_from.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def current_state(*, now: datetime) -> State:
    """Return the state of the database that is read from."""
    return state(now=now, using=_read_from.get())


@contextmanager
def one_state(pins: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Read everything inside from the same state, so that an answer is that of one data version throughout.

    A replica lags behind, and its answers are those of its own version. So it is not asked for what it cannot know to
    be the last word: a `version` among the `pins` that it has not got yet, and any `known_at`. While it cannot be
    reached the main database is asked. Inside a transaction that is under way, that one's state is read.
    """
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        yield
        return
    pins = pins or {}
    if REPLICA in connections and pins.get("known_at") is None and _is_up():
        with _reading(REPLICA):
            if (pins.get("version") or 0) <= ledger.head().seq:
                yield
                return
    with _reading(DEFAULT_DB_ALIAS):
        yield


@contextmanager
def _reading(alias: str) -> Iterator[None]:
    token = _read_from.set(alias)
    try:
        with transaction.atomic(using=alias):
            with connections[alias].cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        _read_from.reset(token)


def _is_up() -> bool:
    replica = connections[REPLICA]
    try:
        replica.close_if_health_check_failed()
        replica.ensure_connection()
    except OperationalError as error:
        logger.warning("The replica does not answer, so the main database is asked: %s", error)
        return False
    return True
