"""Filters of lists that several admins share."""

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
