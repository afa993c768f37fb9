"""The pages of keys, in the language of their address: ask for one, make it, revoke it.

As with subscriptions a GET never changes anything, because mail scanners open every link, and the POSTs are free of
Django's CSRF check, because the right to act is the token in the address.
"""

from contextlib import suppress

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Language
from keys import actions
from keys.actions import KeyMadeBefore, TooManyKeys, TooManyRequests
from keys.links import key_behind, token_for
from throttling.budgets import may_send


class AskForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form. What it answers does not tell whether an address is known."""
    form = AskForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if not may_send(request):
            return render(request, "keys/ask.html", {"form": form, "too_many": True}, status=429)
        # To say that there were too many would tell a stranger that somebody else has asked for this address.
        with suppress(TooManyRequests):
            actions.request_key(
                email=form.cleaned_data["email"], language=get_language() or Language.ENGLISH, now=timezone.now()
            )
        return redirect("keys:sent")
    return render(request, "keys/ask.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """“Check your mail”."""
    return render(request, "keys/sent.html")


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest, token: str) -> HttpResponse:
    """A key's page for its owner: the button that makes it, the key itself in the answer to that, then its end."""
    key = key_behind(token)
    if key is None:
        return _private(render(request, "keys/not_valid.html", status=404))
    shown: dict[str, object] = {"token": token}
    status = 200
    if request.method == "POST":
        try:
            shown["secret"] = actions.make_key(key=key, now=timezone.now())
        except (KeyMadeBefore, TooManyKeys) as refused:
            shown["refused"], status = refused, 409
        key.refresh_from_db()
    return _private(render(request, "keys/own.html", {"key": key, **shown}, status=status))


@csrf_exempt
@never_cache
@require_POST
def revoke(request: HttpRequest, token: str) -> HttpResponse:
    """The button that ends a key."""
    key = key_behind(token)
    if key is None:
        return _private(render(request, "keys/not_valid.html", status=404))
    actions.revoke_key(key=key, now=timezone.now())
    return redirect("keys:own", token_for(key))


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the page out of search engines, and its address from wherever its links lead."""
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
