"""The pages of the second factor."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import second_factor
from accounts.forms import TOO_MANY_TRIES, CodeForm
from accounts.log_ins import LockedOut
from accounts.models import User


def _person(request: HttpRequest) -> User:
    """Return who is logged in: `staff_member_required` lets nobody else come here."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _too_soon(wait: second_factor.MustWait) -> str:
    first = localtime(wait.until + timedelta(seconds=1))
    return gettext(
        "It came too soon after a wrong code and was not looked at. From %(time)s on, type the code that is shown then."
    ) % {"time": date_format(first, "H:i:s")}


def _page(request: HttpRequest, template: str, title: Any, **more: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": title, "is_nav_sidebar_enabled": False, **more}
    return TemplateResponse(request, f"accounts/{template}.html", context)


def _shown_codes(request: HttpRequest, codes: Sequence[str]) -> HttpResponse:
    return _page(request, "recovery_codes", _("Your recovery codes"), codes=codes, after=_after(request))


def _after(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    here = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if here else reverse("admin:index")


@never_cache
@staff_member_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a code after the password; to whoever has given one already, show how the second factor stands."""
    user = _person(request)
    if second_factor.is_verified(request):
        left = second_factor.recovery_codes_left(user)
        return _page(request, "second_factor", _("Second factor"), codes_left=left)
    if not second_factor.has_second_factor(user):
        return HttpResponseRedirect(reverse("second_factor_set_up"))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            right = second_factor.check_code(
                request=request, user=user, code=form.cleaned_data["code"], now=timezone.now()
            )
        except LockedOut:
            form.add_error(None, TOO_MANY_TRIES)
        except second_factor.MustWait as wait:
            form.add_error("code", _too_soon(wait))
        else:
            if right:
                return HttpResponseRedirect(_after(request))
            form.add_error("code", _("This code is not right. Wait for the next one, or use a recovery code."))
    return _page(request, "ask_code", _("Second factor"), form=form)


@never_cache
@staff_member_required
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the code for an app to read, and take it into use when the app's answer is right."""
    user = _person(request)
    if second_factor.has_second_factor(user) and not second_factor.is_verified(request):
        return HttpResponseRedirect(reverse("second_factor"))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            codes = second_factor.confirm_device(
                request=request, user=user, code=form.cleaned_data["code"], now=timezone.now()
            )
        except LockedOut:
            form.add_error(None, TOO_MANY_TRIES)
        except second_factor.MustWait as wait:
            form.add_error("code", _too_soon(wait))
        else:
            if codes:
                return _shown_codes(request, codes)
            form.add_error("code", _("This code is not right. Wait for the next one and type it at once."))
    device = second_factor.new_device(user)
    return _page(
        request,
        "set_up",
        _("Set up your second factor"),
        form=form,
        picture=second_factor.picture_of(device),
        key=second_factor.key_in_words(device),
        required=second_factor.must_have_second_factor(user),
        another=second_factor.has_second_factor(user),
    )


@never_cache
@staff_member_required
@require_http_methods(["POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes and show them, this once."""
    user = _person(request)
    if not second_factor.is_verified(request):
        return HttpResponseRedirect(reverse("second_factor"))
    return _shown_codes(request, second_factor.new_recovery_codes(user))
