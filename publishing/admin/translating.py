"""What a translator may change: the texts that a thing has in both languages, and nothing else of it."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.http import HttpRequest


def texts_of(model: type[models.Model]) -> set[str]:
    """Return the names of the columns that stand in English and in Chinese."""
    names = {column.name for column in model._meta.concrete_fields if column.editable}
    return {name for name in names if name[-3:] in ("_en", "_zh") and {f"{name[:-3]}_en", f"{name[:-3]}_zh"} <= names}


class Translated(admin.ModelAdmin):
    """The base of admins whose texts translators may change: form and save leave all else as it is.

    The rows inside such a page are only shown to them; each has a page of its own.
    """

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) or (
            request.user.has_perm("publishing.translate_publishable") and bool(texts_of(self.model))
        )

    def only_translates(self, request: HttpRequest) -> bool:
        return not super().has_change_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or not self.only_translates(request):
            return super().get_readonly_fields(request, obj)
        return [
            name for name in flatten_fieldsets(self.get_fieldsets(request, obj)) if name not in texts_of(self.model)
        ]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not self.only_translates(request):
            super().save_model(request, obj, form, change)
            return
        obj.save(update_fields=[name for name in form.changed_data if name in texts_of(self.model)])
