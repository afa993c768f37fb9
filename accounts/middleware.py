"""What the site does differently for the person who is logged in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.log_ins import LOCKED_FOR
from accounts.models import User
from accounts.second_factor import has_second_factor, is_verified, must_have_second_factor

ADMIN = "/admin/"
# What whoever has given only a password may reach: the pages for the second factor, and the way out.
OPEN = ("/admin/second-factor/", "/admin/logout/", "/admin/login/", "/admin/jsi18n/")


class TimeZoneMiddleware:
    """Show times in the zone of the person who is logged in, and in UTC to everybody else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ADMIN) or not isinstance(request.user, User):
            return self.get_response(request)
        with timezone.override(request.user.time_zone):
            return self.get_response(request)


class SecondFactorMiddleware:
    """Ask for the second factor before anything of the admin, and answer 429 to whoever is locked out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._asked_first(request) or self.get_response(request)
        if "locked_out" in vars(request):
            response.status_code = 429
            response.headers["Retry-After"] = str(int(LOCKED_FOR.total_seconds()))
        return response

    def _asked_first(self, request: HttpRequest) -> HttpResponse | None:
        if not request.path.startswith(ADMIN) or request.path.startswith(OPEN):
            return None
        if not isinstance(request.user, User) or is_verified(request):
            return None
        if has_second_factor(request.user):
            page = reverse("second_factor")
        elif must_have_second_factor(request.user):
            page = reverse("second_factor_set_up")
        else:
            return None
        after = {"next": request.get_full_path()} if request.method == "GET" else {}
        return HttpResponseRedirect(f"{page}?{urlencode(after)}" if after else page)
