"""What a reader of the API may ask for: without a key by address, with a key more.

What is left is told by the fields RateLimit and RateLimit-Policy of draft-ietf-httpapi-ratelimit-headers-10.
"""

from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from api.problems import Problem
from keys.actions import key_of
from keys.models import ApiKey
from throttling.budgets import Budget, Standing, address_of, spend, standing

ORDINARY, SEARCH, FILE = 1, 3, 20
"""Units that an answer costs: one by its address, one to `q`, a whole list as a file."""
SECONDS = 60
# Where the request keeps, from `check` to `settle`, what was found.
FOUND = "pactwatch.allowance"


class Allowance(NamedTuple):
    """Whom a request counts for, by which key, out of which budget, and what it costs."""

    who: str
    key: ApiKey | None
    budget: Budget
    cost: int

    def standing(self) -> Standing | None:
        return standing(self.budget, who=self.who)


def of(request: HttpRequest) -> Allowance:
    """Return the allowance that a request counts against. Raises Problem (401) for a key that does not work."""
    given = request.headers.get("Authorization")
    if given is None:
        return Allowance(address_of(request), None, _budget("address", settings.API_QUOTA), cost_of(request))
    scheme, _space, secret = given.partition(" ")
    key = key_of(secret.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        detail = _("The header Authorization must hold a working key: “Bearer” and the key. Without it you need none.")
        raise Problem(401, "key_not_valid", detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return Allowance(f"key {key.pk}", key, _budget("key", settings.API_KEY_QUOTA), cost_of(request))


def _budget(name: str, quota: int) -> Budget:
    return Budget(name, quota, SECONDS)


def cost_of(request: HttpRequest) -> int:
    """Return the units that an answer costs. One that the reader has already (304) costs nothing, see `settle`."""
    if request.GET.get("format", "json") in ("csv", "xlsx", "jsonl"):
        return FILE
    return SEARCH if "q" in request.GET else ORDINARY


def check(request: HttpRequest, *, cost: int | None = None) -> None:
    """Find what a request counts against, for `settle`; `cost` when it is not that of its address.

    Raises Problem: 401, and 429 with Retry-After when it is more than what is left.
    """
    if request.method == "OPTIONS":
        return
    allowance = of(request)
    if cost is not None:
        allowance = allowance._replace(cost=cost)
    found = allowance.standing()
    if found is None:
        return
    if not found.affords(allowance.cost):
        raise Problem(
            429,
            "too_much",
            ngettext(
                "Ask again in %(seconds)d second. A key raises the limit: %(page)s",
                "Ask again in %(seconds)d seconds. A key raises the limit: %(page)s",
                found.resets_in,
            )
            % {"seconds": found.resets_in, "page": f"{settings.BASE_URL}/en/api-keys/"},
            members={"violated-policies": [allowance.budget.name]},
            headers={"Retry-After": str(found.resets_in), **fields(found)},
        )
    request.META[FOUND] = (allowance, found)


def settle(request: HttpRequest, response: HttpResponseBase) -> None:
    """Count what was answered, and tell what is left. 304 is free, so that asking whether anything is new is."""
    allowance, found = request.META.get(FOUND, (None, None))
    if allowance is None:
        return
    cost = 0 if response.status_code == 304 else allowance.cost
    spend(allowance.budget, who=allowance.who, cost=cost)
    for name, value in fields(found.after(cost)).items():
        response.headers[name] = value


def fields(found: Standing) -> dict[str, str]:
    """Return the two fields: structured lists with the name of the policy and its parameters."""
    name, quota, seconds = found.budget
    return {
        "RateLimit-Policy": f'"{name}";q={quota};w={seconds}',
        "RateLimit": f'"{name}";r={found.remaining};t={found.resets_in}',
    }
