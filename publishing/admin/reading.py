"""Pages of the admin that can only be read."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise

from accounts.models import User
from publishing.errors import DomainError


class ReadOnly:
    """Mixed into a ModelAdmin or an inline: its rows are written by the product itself, never by a form."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):
    """A list and a page for each row, for whoever has the permission to view it."""

    show_full_result_count = False
    list_per_page = 50

    class Media:
        css = {"all": ["publishing/admin.css"]}


Act = Callable[[Any, User, datetime], object]


class WaitingAdmin(ReadOnlyAdmin):
    """Rows that wait for somebody to decide on them: each button of a row's page calls one action."""

    # By the name of the button's address: the action, given the row, who asks and the moment; and what is then said.
    acts: ClassVar[dict[str, tuple[Act, Promise]]] = {}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.act_view)
        own = [path(f"<int:key>/{name}/", view, {"act": name}, name=self.page_name(name)) for name in self.acts]
        return [*own, *super().get_urls()]

    def page_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def act_view(self, request: HttpRequest, key: int, act: str) -> HttpResponse:
        """Do what a button asks for, and say on the row's page what came of it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request) or not isinstance(request.user, User):
            raise PermissionDenied
        row: Model = get_object_or_404(self.model, pk=key)
        action, done = self.acts[act]
        try:
            action(row, request.user, timezone.now())
        except DomainError as refused:
            self.message_user(request, str(refused), messages.ERROR)
        else:
            self.message_user(request, str(done), messages.SUCCESS)
        return HttpResponseRedirect(reverse(f"admin:{self.page_name('change')}", args=[key]))
