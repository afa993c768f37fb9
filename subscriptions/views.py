"""The public pages of subscriptions, in the language of their address. They need neither cookies nor JavaScript.

A GET never changes anything: mail scanners open every link. The POSTs are free of Django's CSRF check, because nothing
in them rests on who is logged in: the right to act is the token in the address, which no other site knows, and whoever
may ask for a subscription may do so without a browser too.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from publishing.words import moment_in_words
from subscriptions import actions, following
from subscriptions.actions import SubscriptionEnded, TooManyConfirmations
from subscriptions.forms import SubscribeForm, WishForm, initial_of, initial_wish, looks_for_something
from subscriptions.links import LinkNotValid, Purpose, subscription_of, token_for
from subscriptions.models import Subscription

Page = Callable[[HttpRequest, str], HttpResponse]
PageOfOne = Callable[[HttpRequest, Subscription], HttpResponse]


def for_holders_of(purpose: Purpose) -> Callable[[PageOfOne], Page]:
    """Hand the subscription of the token in the address to a page, which nobody may keep or index."""

    def decorate(page: PageOfOne) -> Page:
        @csrf_exempt
        @never_cache
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(page)
        def with_subscription(request: HttpRequest, token: str) -> HttpResponse:
            try:
                response = page(request, subscription_of(token, purpose))
            except LinkNotValid:
                response = render(request, "subscriptions/not_valid.html", status=404)
            response.headers["X-Robots-Tag"] = "noindex"
            return response

        return with_subscription

    return decorate


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form; `?follow=REF` chooses something in it. What it answers does not tell whether an address is known."""
    if request.method != "POST":
        form = SubscribeForm(initial=initial_wish(request.GET.getlist("follow")))
    elif looks_for_something(request.POST):
        form = SubscribeForm.looking(request.POST)
    else:
        form = SubscribeForm(request.POST, initial=initial_wish(()))
        if form.is_valid():
            # To say that there were too many would tell a stranger that somebody else has asked for this address.
            with suppress(TooManyConfirmations):
                actions.request_subscription(
                    email=form.cleaned_data["email"], follows=form.followed(), **form.terms(), now=timezone.now()
                )
            return redirect("subscriptions:sent")
    return render(request, "subscriptions/subscribe.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """“Check your mail”."""
    return render(request, "subscriptions/sent.html")


@for_holders_of(Purpose.CONFIRM)
def confirm(request: HttpRequest, subscription: Subscription) -> HttpResponse:
    """What is to be confirmed, with the button that does it."""
    if request.method == "POST":
        try:
            confirmed = actions.confirm_subscription(subscription=subscription, now=timezone.now())
        except SubscriptionEnded as ended:
            return render(request, "subscriptions/ended.html", {"why": ended}, status=409)
        return redirect("subscriptions:manage", token_for(confirmed, Purpose.MANAGE))
    standing = Subscription.objects.confirmed().of(subscription.email).exclude(pk=subscription.pk).first()
    return render(
        request,
        "subscriptions/confirm.html",
        {
            "subscription": subscription,
            "follows": _followed_by(subscription),
            "standing": standing,
            "standing_follows": _followed_by(standing) if standing else [],
        },
    )


@for_holders_of(Purpose.MANAGE)
def manage(request: HttpRequest, subscription: Subscription) -> HttpResponse:
    """What a subscriber is told and when; the same form again to change it, and the button that ends it."""
    if not subscription.is_confirmed:
        return render(request, "subscriptions/ended.html", {"why": SubscriptionEnded()})
    initial = initial_of(subscription)
    if request.method != "POST":
        form = WishForm(initial=initial, standing=initial["follow"])
    elif looks_for_something(request.POST):
        form = WishForm.looking(request.POST, standing=initial["follow"])
    else:
        form = WishForm(request.POST, initial=initial, standing=initial["follow"])
        if form.is_valid():
            try:
                actions.change_subscription(
                    subscription=subscription, follows=form.followed(), **form.terms(), now=timezone.now()
                )
            except SubscriptionEnded as ended:
                return render(request, "subscriptions/ended.html", {"why": ended}, status=409)
            return redirect("subscriptions:manage", token_for(subscription, Purpose.MANAGE))
    return render(
        request,
        "subscriptions/manage.html",
        {
            "form": form,
            "subscription": subscription,
            "next_digest": subscription.next_due_at
            and moment_in_words(subscription.next_due_at, zone=subscription.zone),
            "unsubscribe_token": token_for(subscription, Purpose.UNSUBSCRIBE),
        },
        status=422 if form.errors else 200,
    )


@for_holders_of(Purpose.UNSUBSCRIBE)
def unsubscribe(request: HttpRequest, subscription: Subscription) -> HttpResponse:
    """The button that ends a subscription; mail programs press it themselves (RFC 8058), so nothing is asked back."""
    if request.method == "POST":
        subscription = actions.unsubscribe(subscription=subscription, now=timezone.now())
    return render(request, "subscriptions/unsubscribe.html", {"subscription": subscription})


def _followed_by(subscription: Subscription) -> list[following.Followable]:
    return following.named(subscription.follows.values_list("ref", flat=True))
