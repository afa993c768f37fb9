"""What the site does differently for the person who is logged in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import User


class TimeZoneMiddleware:
    """Show times in the zone of the person who is logged in, and in UTC to everybody else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/") or not isinstance(request.user, User):
            return self.get_response(request)
        with timezone.override(request.user.time_zone):
            return self.get_response(request)
