"""One list of all things of every kind, which also answers searches for a thing of any kind."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from publishing.admin.filters import KindFilter
from publishing.admin.naming import ShowsState, admin_url, own_row, with_branches
from publishing.admin.offering import OfferedView, allowed_resources
from publishing.models import Publishable
from publishing.resource import Resource, registry


@admin.register(Publishable)
class PublishableAdmin(ShowsState, admin.ModelAdmin):
    """Everything that is public or may become so; a row leads to the page of its own kind."""

    list_display = ["ref", "name", "kind", "state_badge"]
    list_filter = ["state", KindFilter]
    search_fields = ["ref"]
    ordering = ["ref"]
    actions = None
    show_full_result_count = False
    list_per_page = 50

    class Media:
        css = {"all": ["publishing/admin.css"]}

    @admin.display(description=_("name"))
    def name(self, thing: Publishable) -> str:
        return str(own_row(thing))

    @admin.display(description=_("kind"), ordering="resource")
    def kind(self, thing: Publishable) -> str:
        return str(registry[thing.resource].verbose_name)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return with_branches(super().get_queryset(request), list(registry))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Search each kind the way its own list is searched."""
        if not search_term.strip():
            return queryset, False
        found = Q(ref__icontains=search_term.strip())
        for resource in self._asked_for(request):
            own = self.admin_site.get_model_admin(resource.model)
            rows, _duplicates = own.get_search_results(request, resource.model._default_manager.all(), search_term)
            found |= Q(pk__in=rows.values("pk"))
        return queryset.filter(found), False

    def _asked_for(self, request: HttpRequest) -> list[type[Resource]]:
        """Return the kinds that a search from a form is limited to by the field that it is for."""
        try:
            asking = apps.get_model(request.GET["app_label"], request.GET["model_name"])
            return allowed_resources(asking._meta.get_field(request.GET["field_name"]))
        except (KeyError, LookupError, FieldDoesNotExist):
            return list(registry)

    def get_urls(self) -> list[URLPattern]:
        offered = OfferedView.as_view(admin_site=self.admin_site)
        return [
            path("offered/", self.admin_site.admin_view(offered), name="publishing_publishable_offered"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Where a source is chosen, one can be added: it is the only kind that any thing may link to by this way."""
        options = registry["sources"].model._meta
        address = reverse(f"admin:{options.app_label}_{options.model_name}_add")
        return HttpResponseRedirect(f"{address}?{request.GET.urlencode()}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        thing = get_object_or_404(Publishable, pk=object_id if object_id.isascii() and object_id.isdigit() else None)
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return HttpResponseRedirect(admin_url(thing) + query)

    def has_view_permission(self, request: HttpRequest, obj: Publishable | None = None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Publishable | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Publishable | None = None) -> bool:
        return False
