"""Accounts and log-ins as administrators see them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_otp.plugins.otp_static.admin import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDevice

from accounts import actions, second_factor
from accounts.forms import LogInForm
from accounts.models import LogIn, User
from accounts.roles import DEFINITIONS, Role, name_of

admin.site.login_form = LogInForm
# Roles are shipped, and a second factor is nobody's to look at.
for model in (Group, TOTPDevice, StaticDevice):
    admin.site.unregister(model)


class RolesField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> SafeString | str:
        if obj.name not in Role:
            return str(obj.name)
        return format_html("{}: {}", name_of(obj.name), DEFINITIONS[Role(obj.name)])


class AccountForm(forms.ModelForm):
    """An account. Its password is chosen by its owner, by a link that is sent to the address."""

    groups = RolesField(label=_("Roles"), queryset=Group.objects.order_by("pk"), required=False)

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "language", "time_zone", "groups"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "email" in self.fields:
            self.fields["email"].required = True


class RoleFilter(admin.SimpleListFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return list(Role.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class AccountAdmin(admin.ModelAdmin):
    """Accounts are made, given roles, closed and opened again here; none is deleted, no password is seen."""

    form = AccountForm
    change_form_template = "admin/accounts/account.html"
    list_display = ["username", "name", "email", "roles", "state", "has_second_factor", "last_login"]
    list_filter = ["is_active", RoleFilter, "language"]
    search_fields = ["username", "first_name", "last_name", "email"]
    ordering = ["username"]
    actions = None
    show_full_result_count = False
    readonly_fields = ["state", "has_second_factor", "last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", ("first_name", "last_name"), "email", "groups"]}),
        (_("Language and time"), {"fields": [("language", "time_zone")]}),
        (pgettext_lazy("account", "State"), {"fields": ["state", "has_second_factor", "last_login", "date_joined"]}),
    ]

    class Media:
        css = {"all": ["accounts/door.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        confirmed = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        return super().get_queryset(request).prefetch_related("groups").annotate(protected=Exists(confirmed))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        return self.fieldsets if obj else self.fieldsets[:2]

    @admin.display(description=_("name"), ordering="last_name")
    def name(self, account: User) -> str:
        return account.get_full_name() or "–"

    @admin.display(description=_("roles"))
    def roles(self, account: User) -> str:
        held = [name_of(group.name) for group in account.groups.all()]
        return ", ".join([*([str(_("superuser"))] if account.is_superuser else []), *held]) or "–"

    @admin.display(description=pgettext_lazy("account", "state"), ordering="is_active")
    def state(self, account: User) -> str:
        return str(pgettext_lazy("account", "open") if account.is_active else pgettext_lazy("account", "closed"))

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, account: User) -> bool:
        return bool(getattr(account, "protected", False))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser's account is only a superuser's to change: who has its address has its password."""
        beyond = obj is not None and obj.is_superuser and not request.user.is_superuser
        return super().has_change_permission(request, obj) and not beyond

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change:
            actions.ask_for_password_link(account=obj, now=timezone.now())
            self.message_user(request, _("A link to choose a password is sent to %(to)s.") % {"to": obj.email})

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "close": self.close_view,
            "reopen": self.reopen_view,
            "link": self.link_view,
            "forget": self.forget_view,
        }
        own = [
            path(f"<int:key>/{page}/", self.admin_site.admin_view(view), name=f"accounts_user_{page}")
            for page, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def close_view(self, request: HttpRequest, key: int) -> HttpResponse:
        def close(account: User, by: User) -> object:
            actions.close_account(account=account, by=by)
            self.log_change(request, account, str(_("Closed.")))
            return _("The account is closed. Its name stays in the history.")

        return self._done(request, key, close)

    def reopen_view(self, request: HttpRequest, key: int) -> HttpResponse:
        def reopen(account: User, by: User) -> object:
            actions.reopen_account(account=account, now=timezone.now())
            self.log_change(request, account, str(_("Opened again.")))
            return _("The account is open. A link to choose a password is sent to its owner.")

        return self._done(request, key, reopen)

    def link_view(self, request: HttpRequest, key: int) -> HttpResponse:
        def send(account: User, by: User) -> object:
            if not actions.ask_for_password_link(account=account, now=timezone.now()):
                return _("A link was sent within the last five minutes.")
            self.log_change(request, account, str(_("Link to choose a password sent.")))
            return _("A link to choose a password is sent to %(to)s.") % {"to": account.email}

        return self._done(request, key, send)

    def forget_view(self, request: HttpRequest, key: int) -> HttpResponse:
        def forget(account: User, by: User) -> object:
            second_factor.forget_second_factor(account)
            self.log_change(request, account, str(_("Second factor removed.")))
            return _("The second factor is removed. The next log-in sets up a new one.")

        return self._done(request, key, forget)

    def _done(self, request: HttpRequest, key: int, act: Any) -> HttpResponse:
        """Do what a button asks for; what stands in the way is said on the account's page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        account = get_object_or_404(User, pk=key)
        if not self.has_change_permission(request, account) or not isinstance(request.user, User):
            raise PermissionDenied
        try:
            self.message_user(request, act(account, request.user), messages.SUCCESS)
        except actions.AccountError as refused:
            self.message_user(request, str(refused), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[key]))


@admin.register(LogIn)
class LogInAdmin(admin.ModelAdmin):
    """Who logged in or tried to, from where. Kept for 180 days."""

    list_display = ["at", "username", "user", "address", "outcome"]
    list_filter = ["outcome", "at"]
    list_select_related = ["user"]
    search_fields = ["=username", "=address"]
    ordering = ["-at", "-pk"]
    actions = None
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: LogIn | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LogIn | None = None) -> bool:
        return False
