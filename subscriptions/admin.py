"""Subscriptions, digests and mails, to be looked at. Addresses are masked for everybody who may not see them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from subscriptions import actions, mail
from subscriptions.models import Digest, Message, MessageKind, Subscription

# A mail brings its own styles, which the site's policy forbids. It may do nothing else but open links elsewhere.
PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def may_see_addresses(request: HttpRequest) -> bool:
    """Whether whoever asks has the permission for it; administrators have."""
    return request.user.has_perm("subscriptions.see_addresses")


@admin.display(description=_("e-mail address"))
def masked_address(subscription: Subscription) -> str:
    """Return an address of which only the first letter and the domain are left."""
    name, _at, domain = subscription.email.rpartition("@")
    return f"{name[:1]}…@{domain}"


class LookedAt(admin.ModelAdmin):
    """What nobody writes by hand."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Subscription)
class SubscriptionAdmin(LookedAt):
    list_filter = ["state", "frequency", "language", "requested_at"]
    ordering = ["-requested_at", "-id"]
    actions = ["unsubscribe"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [self._address(request), "state", "frequency", "language", "time_zone", "position", "next_due_at"]

    def get_fields(self, request: HttpRequest, obj: Subscription | None = None) -> list[Any]:
        how = ["follows", "frequency", "language", "time_zone", "position", "next_due_at"]
        return [self._address(request), "state", *how, "requested_at", "confirmed_at", "ended_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Subscription | None = None) -> list[Any]:
        return self.get_fields(request, obj)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return ["email", "follows__ref"] if may_see_addresses(request) else ["follows__ref"]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[Any], Any]:
        """The right to delete a subscription is the right to delete all that is kept of its subscriber."""
        deleted, counts, _more_rights, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    def has_unsubscribe_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.change_subscription")

    @admin.action(description=_("Unsubscribe the chosen subscribers"), permissions=["unsubscribe"])
    def unsubscribe(self, request: HttpRequest, subscriptions: QuerySet[Subscription]) -> None:
        chosen = list(subscriptions)
        for subscription in chosen:
            actions.unsubscribe(subscription=subscription, now=timezone.now())
        ended = ngettext("%(count)d subscription has ended.", "%(count)d subscriptions have ended.", len(chosen))
        self.message_user(request, ended % {"count": len(chosen)})

    def _address(self, request: HttpRequest) -> Any:
        return "email" if may_see_addresses(request) else masked_address


@admin.register(Digest)
class DigestAdmin(LookedAt):
    list_display = ["due_at", "subscription", "from_seq", "to_seq", "changes", "deadlines", "composed_at", "message"]
    list_filter = ["composed_at", "subscription__frequency", "subscription__language"]
    list_select_related = ["subscription", "message"]
    search_fields = ["subscription__key"]
    ordering = ["-composed_at", "-id"]

    def has_delete_permission(self, request: HttpRequest, obj: Digest | None = None) -> bool:
        return False


@admin.register(Message)
class MessageAdmin(LookedAt):
    """The outbox, with each mail as its reader sees it: for whoever may see addresses, because every mail has one."""

    list_display = ["created_at", "to", "subject", "kind", "state", "attempts", "sent_at"]
    list_filter = ["state", "kind", "created_at"]
    search_fields = ["to", "subject", "message_id"]
    ordering = ["-created_at", "-id"]
    actions = ["send_again"]
    fields = readonly_fields = (
        *("to", "subject", "state", "html_part", "text_part", "kind", "subscription", "message_id", "headers"),
        *("created_at", "attempts", "try_at", "sent_at", "error"),
    )

    def has_view_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return super().has_view_permission(request, obj) and may_see_addresses(request)

    def get_fields(self, request: HttpRequest, obj: Message | None = None) -> Any:
        """A link to choose a password is for nobody but whom it was sent to."""
        fields = super().get_fields(request, obj)
        secret = ("html_part", "text_part") if obj and obj.kind == MessageKind.PASSWORD else ()
        return [name for name in fields if name not in secret]

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_see_addresses(request)

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.change_message")

    def get_urls(self) -> list[URLPattern]:
        preview = path("<int:key>/html/", self.admin_site.admin_view(self.preview), name="subscriptions_message_html")
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest, key: int) -> HttpResponse:
        """The HTML part as it was sent, shut into a sandbox; its links open in a window of their own."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        html = get_object_or_404(Message.objects.exclude(kind=MessageKind.PASSWORD), pk=key).html
        response = HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))
        response.headers["Content-Security-Policy"] = PREVIEW_POLICY
        return response

    @admin.display(description=_("HTML"))
    def html_part(self, message: Message) -> SafeString:
        address = reverse("admin:subscriptions_message_html", args=[message.pk])
        return format_html(
            '<iframe src="{}" title="{}" width="680" height="640" sandbox="{}"></iframe>',
            address,
            message.subject,
            "allow-popups allow-popups-to-escape-sandbox",
        )

    @admin.display(description=_("text"))
    def text_part(self, message: Message) -> SafeString:
        return format_html('<textarea cols="90" rows="24" readonly>{}</textarea>', message.text)

    @admin.action(description=_("Send the chosen failed messages again"), permissions=["send_again"])
    def send_again(self, request: HttpRequest, messages: QuerySet[Message]) -> None:
        count = mail.send_again(messages=messages, now=timezone.now())
        again = ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", count)
        self.message_user(request, again % {"count": count})
