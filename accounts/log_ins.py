"""The log of log-ins, which is also the lock: who fails too often from one address has to wait.

Name and address are counted together, so that nobody can lock a colleague out from elsewhere, and in the database, so
that all web processes count the same tries. A success resets nothing: whoever knows a password cannot use it to win
more tries at the second factor.
"""

import ipaddress
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import FAILURES, LogIn, LogInOutcome, User

MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
KEPT_FOR = timedelta(days=180)


class LockedOut(PermissionDenied):
    """Too many tries under this name from this address."""


def client_address(request: HttpRequest) -> str | None:
    """Return the address that a request comes from, as the server found it behind trusted proxies."""
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


def record(*, request: HttpRequest, username: str, outcome: LogInOutcome, user: User | None, now: datetime) -> None:
    """Write a try into the log."""
    LogIn.objects.create(at=now, username=username[:150], user=user, address=client_address(request), outcome=outcome)


def refuse_locked_out(*, request: HttpRequest, username: str, now: datetime) -> None:
    """Raise LockedOut while there are five failures of the last fifteen minutes; the first refusal is logged."""
    address = client_address(request)
    recent = LogIn.objects.filter(username=username[:150], address=address, at__gt=now - LOCKED_FOR)
    if recent.filter(outcome__in=FAILURES).count() < MOST_FAILURES:
        return
    if not recent.filter(outcome=LogInOutcome.REFUSED).exists():
        known = User.objects.filter(username=username).first()
        record(request=request, username=username, outcome=LogInOutcome.REFUSED, user=known, now=now)
    # The middleware makes the answer a 429.
    vars(request)["locked_out"] = True
    raise LockedOut


def forget_log_ins(*, now: datetime) -> int:
    """Delete what is older than 180 days, and return how many that were."""
    forgotten, _by_model = LogIn.objects.filter(at__lt=now - KEPT_FOR).delete()
    return forgotten


class LockingBackend(ModelBackend):
    """Asks whether somebody is locked out before any password is looked at."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **more: Any
    ) -> Any:
        if request is not None and username:
            refuse_locked_out(request=request, username=username, now=timezone.now())
        return super().authenticate(request, username=username, password=password, **more)


def log_success(*, request: HttpRequest, user: User, **later_keywords: Any) -> None:
    now = timezone.now()
    record(request=request, username=user.username, outcome=LogInOutcome.PASSWORD, user=user, now=now)


def log_failure(*, credentials: dict[str, Any], request: HttpRequest | None = None, **later_keywords: Any) -> None:
    username = credentials.get("username")
    if request is None or not username or "locked_out" in vars(request):
        return
    known = User.objects.filter(username=username).first()
    outcome = LogInOutcome.WRONG_PASSWORD
    record(request=request, username=username, outcome=outcome, user=known, now=timezone.now())


def listen() -> None:
    """Have Django tell of log-ins, whichever door they come through."""
    user_logged_in.connect(log_success, dispatch_uid="accounts.log_success")
    user_login_failed.connect(log_failure, dispatch_uid="accounts.log_failure")
