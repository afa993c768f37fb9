"""Keys of the API, for administrators."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from keys.actions import revoke_key
from keys.models import ApiKey
from publishing.admin.reading import ReadOnlyAdmin


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "email", "requested_at", "confirmed_at", "revoked_at"]
    search_fields = ["prefix", "email"]
    search_help_text = _("Searched: how the key begins, and the address.")
    ordering = ["-requested_at", "pk"]
    actions = ["revoke"]
    fields = ["prefix", "email", "language", "requested_at", "confirmed_at", "revoked_at"]

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("keys.change_apikey")

    @admin.action(description=_("Revoke the chosen keys"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        revoked = [revoke_key(key=key, now=timezone.now()) for key in ApiKey.objects.working().filter(pk__in=keys)]
        said = ngettext("%(count)d key is revoked.", "%(count)d keys are revoked.", len(revoked))
        self.message_user(request, said % {"count": len(revoked)})
