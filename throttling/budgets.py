"""How much one reader may ask for in a while: counted in the broker's server, for all processes together.

DRF's own throttles keep a list of moments for each reader, read and write it in two steps, which loses counts between
processes, know no weights and tell nobody what is left. Here each count is one atomic step of the server.
"""

import logging
import math
import time
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address, ip_network
from typing import NamedTuple, TypeVar

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

SECONDS_FOR_THE_SERVER = 0.5
PAUSE_WHEN_DOWN = 5.0

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Budget(NamedTuple):
    """What one reader may spend in a window of `seconds`, which begins with the first thing that they ask for."""

    name: str
    quota: int
    seconds: int

    @property
    def item(self) -> RateLimitItemPerSecond:
        return RateLimitItemPerSecond(self.quota, self.seconds, namespace=f"pactwatch-{self.name}")


class Standing(NamedTuple):
    """What is left to a reader, and in how many seconds all of it is there again."""

    budget: Budget
    remaining: int
    resets_in: int

    def affords(self, cost: int) -> bool:
        """Return whether something may be had; with the whole budget left anything may."""
        return self.remaining >= min(cost, self.budget.quota)

    def after(self, cost: int) -> "Standing":
        return self._replace(remaining=max(0, self.remaining - cost))


def standing(budget: Budget, *, who: str) -> Standing | None:
    """Return what is left to `who`; None when limits are off or nobody counts, and everything may be had."""

    def look() -> Standing:
        resets_at, remaining = _limiter().get_window_stats(budget.item, who)
        untouched = remaining == budget.quota
        wait = budget.seconds if untouched else math.ceil(resets_at - time.time())
        return Standing(budget, remaining, min(budget.seconds, max(1, wait)))

    return _asked(look) if settings.LIMITS else None


def spend(budget: Budget, *, who: str, cost: int) -> None:
    """Count what `who` has had."""
    if settings.LIMITS and cost:
        _asked(lambda: _limiter().hit(budget.item, who, cost=cost))


def may_send(request: HttpRequest) -> bool:
    """Count one thing that a stranger sends in, and return whether it is still within what an address may send."""
    budget = Budget("sending", settings.SENDING_QUOTA, 3600)
    found = standing(budget, who=address_of(request))
    if found is not None and not found.affords(1):
        return False
    spend(budget, who=address_of(request), cost=1)
    return True


def address_of(request: HttpRequest) -> str:
    """Return whom a request without a key counts for: the client's address, or its network of 64 bits in IPv6.

    What a trusted proxy says of the client has been put into REMOTE_ADDR by config/wsgi.py. One household has a whole
    /64, so that single addresses of it would count for nothing (RFC 6177).
    """
    given = request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(given)
    except ValueError:
        return "unknown"
    if address.version == 6 and address.ipv4_mapped is None:
        return str(ip_network((address.packed[:8] + bytes(8), 64)))
    return str(address)


def _asked(question: Callable[[], T]) -> T | None:
    """Return what the server says; None while it is down: readers are then let through, and the log says so."""
    if time.monotonic() < _Server.down_until:
        return None
    try:
        return question()
    except StorageError as error:
        _Server.down_until = time.monotonic() + PAUSE_WHEN_DOWN
        logger.warning("Limits are not kept, because the server that counts does not answer: %s", error)
        return None


class _Server:
    down_until = 0.0


@cache
def _limiter() -> FixedWindowRateLimiter:
    url = settings.BROKER_URL.replace("redis+socket://", "redis+unix://")
    return FixedWindowRateLimiter(
        RedisStorage(
            url,
            wrap_exceptions=True,
            socket_timeout=SECONDS_FOR_THE_SERVER,
            socket_connect_timeout=SECONDS_FOR_THE_SERVER,
        )
    )
