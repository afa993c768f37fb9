"""Filters of lists that several admins share."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from publishing.resource import registry


class KindFilter(admin.SimpleListFilter):
    """The kind of a thing, by the name of its resource."""

    title = _("kind")
    parameter_name = "resource"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [(resource.name, resource.model._meta.verbose_name_plural) for resource in registry]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(resource=self.value()) if self.value() else queryset


class DropdownFilter(admin.RelatedOnlyFieldListFilter):
    """What the rows of a list link to, for links with many ends: as a field to choose from, without JavaScript."""

    template = "admin/publishing/dropdown_filter.html"
    kept: list[tuple[str, str]]
    chosen: str

    def __init__(self, field: Any, request: HttpRequest, *args: Any, **options: Any) -> None:
        super().__init__(field, request, *args, **options)
        own = self.expected_parameters()
        self.kept = [(name, request.GET[name]) for name in request.GET if name not in own and name != "p"]
        self.chosen = request.GET.get(self.lookup_kwarg, "")

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
        # The form sends an empty value for “All”, which Django would look for.
        return super().queryset(request, queryset) if self.chosen else queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        return iter(())
