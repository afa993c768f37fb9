"""Edits of public things that wait for somebody who may publish them: kept, shown, published, discarded, reopened.

An edit is kept as the form that was sent. To publish it is to send that form once more, in the name of who prepared
it, and to publish the outcome in the name of who does so: no other way of saving has to exist.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import pghistory
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from publishing.admin.naming import admin_url, badge, label_of
from publishing.admin.reading import ReadOnlyAdmin
from publishing.differences import Difference
from publishing.errors import DomainError, EditOvertaken, NeedsAnother
from publishing.models import PendingEdit, PendingState, Publishable
from publishing.pending import close_edit, discard_edit, keep_edit
from publishing.resource import registry

# What a form sends that says nothing about the thing.
NOT_KEPT = ("csrfmiddlewaretoken", "_publish", "_continue", "_addanother", "_popup", "_to_field")


class EditTakenUp(DomainError):
    code = "edit_taken_up"
    message = _("This is the edit of “%(ref)s” as it was prepared. Look at it and save it again.")


def may_publish(request: HttpRequest) -> bool:
    return request.user.has_perm("publishing.publish_publishable")


def staff_of(request: HttpRequest) -> User:
    """Return who is logged in; behind the admin's door that is always a member of staff."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def publisher_of(request: HttpRequest) -> User:
    """Return in whose name a save is published: of an edit that waited, whoever publishes it."""
    publisher: User = vars(request).get("publisher") or staff_of(request)
    return publisher


def keep_for_another(request: HttpRequest, object_id: str | None, refused: NeedsAnother) -> HttpResponse | None:
    """Keep the form of a public thing whose save needs another person; None when there is nothing to keep."""
    thing = Publishable.objects.public().filter(pk=object_id).first() if object_id else None
    if thing is None or not refused.differences or "publisher" in vars(request):
        return None
    form = {name: values for name, values in request.POST.lists() if name not in NOT_KEPT}
    edit = keep_edit(thing=thing, form=form, differences=refused.differences, by=staff_of(request), now=timezone.now())
    messages.success(request, _("Your edit is kept. It becomes public when somebody else has looked at it."))
    return HttpResponseRedirect(edit_url(edit))


def refuse_other_differences(request: HttpRequest, differences: Iterable[Difference]) -> None:
    """Raise EditOvertaken when an edit that waited would now change something else than what was looked at."""
    edit = vars(request).get("edit")
    if edit is not None and list(differences) != edit.differences:
        raise EditOvertaken(ref=edit.thing.ref)


def reopened(request: HttpRequest, object_id: str | None) -> HttpRequest:
    """Return a request that shows the form of an edit as it was sent, so that it can be mended and saved again."""
    key = request.GET["edit"]
    edit = get_object_or_404(PendingEdit, pk=key if key.isascii() and key.isdigit() else None)
    if str(edit.thing_id) != object_id:
        raise PermissionDenied
    again = _sent_again(request, edit)
    vars(again)["refusal"] = EditTakenUp(ref=edit.thing.ref)
    return again


def _sent_again(request: HttpRequest, edit: PendingEdit) -> HttpRequest:
    # Files are read together with the form: read later, they would bring back the form of the present request.
    _read = request.FILES
    again: Any = copy.copy(request)
    again.method = "POST"
    again.POST = QueryDict(mutable=True)
    for name, values in edit.form.items():
        again.POST.setlist(name, values)
    return again


def waiting_edits(thing: Publishable) -> list[PendingEdit]:
    """Return the edits of a thing that wait, the newest first."""
    found = PendingEdit.objects.filter(thing=thing.pk, state=PendingState.WAITING)
    return list(found.select_related("prepared_by").order_by("-prepared_at", "-pk"))


def edit_url(edit: PendingEdit, page: str = "change") -> str:
    return reverse(f"admin:publishing_pendingedit_{page}", args=[edit.pk])


def in_words(differences: Iterable[Difference]) -> list[dict[str, Any]]:
    """Return differences as a page shows them: the thing, the field's name, and both values as text."""
    return [
        {
            "ref": difference["ref"],
            "kind": registry[difference["resource"]].verbose_name,
            "field": difference["field"],
            "before": _shown(difference["before"]),
            "after": _shown(difference["after"]),
        }
        for difference in differences
        if _shown(difference["before"]) != _shown(difference["after"])
    ]


def _shown(value: Any) -> str:
    if value in (None, "", []):
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return ", ".join(_shown(each) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_shown(each)}" for key, each in value.items())
    return str(value)


@admin.register(PendingEdit)
class PendingEditAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "prepared_by", "prepared_at", "state_badge", "closed_by"]
    list_filter = ["state", "prepared_at"]
    list_select_related = ["thing", "prepared_by", "closed_by"]
    search_fields = ["thing__ref"]
    ordering = ["-prepared_at", "-pk"]
    change_form_template = "admin/publishing/pending_edit.html"
    fields = ["name", "state_badge", "prepared_by", "prepared_at", "closed_by", "closed_at"]
    readonly_fields = ["name", "state_badge"]

    @admin.display(description=_("public thing"), ordering="thing__ref")
    def name(self, edit: PendingEdit) -> str:
        return label_of(edit.thing)

    @admin.display(description=_("kind"), ordering="thing__resource")
    def kind(self, edit: PendingEdit) -> str:
        return str(registry[edit.thing.resource].verbose_name)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, edit: PendingEdit) -> SafeString:
        return badge(f"edit-{edit.state}", edit.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<int:key>/{page}/", self.admin_site.admin_view(view), name=f"publishing_pendingedit_{page}")
            for page, view in (("publish", self.publish_view), ("discard", self.discard_view))
        ]
        return [*own, *super().get_urls()]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        waits = obj.state == PendingState.WAITING
        own = obj.prepared_by_id == staff_of(request).pk
        context |= {
            "differences": in_words(obj.differences),
            "waits": waits,
            "own": own,
            "may_publish": waits and may_publish(request) and not own,
            "may_discard": waits and (own or may_publish(request)),
            "thing_address": admin_url(obj.thing),
        }
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)

    def publish_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Save the edit as it was sent and publish it; what stands in the way is said on its page."""
        edit = self._asked_for(request, key)
        if isinstance(edit, HttpResponse):
            return edit
        if not may_publish(request):
            raise PermissionDenied
        again: Any = _sent_again(request, edit)
        again.user = edit.prepared_by
        vars(again).update(publisher=staff_of(request), edit=edit)
        thing_admin = self.admin_site.get_model_admin(registry[edit.thing.resource].model)
        try:
            with transaction.atomic(), pghistory.context(user=edit.prepared_by_id):
                close_edit(edit=edit, state=PendingState.PUBLISHED, by=staff_of(request), now=timezone.now())
                answer: Any = thing_admin.changeform_view(again, str(edit.thing_id))
                if answer.status_code != 302:
                    transaction.set_rollback(True)
        except DomainError as refused:
            self.message_user(request, str(refused), messages.ERROR)
            return HttpResponseRedirect(edit_url(edit))
        except PermissionDenied:
            self.message_user(request, _("Who prepared it may not edit this any more."), messages.ERROR)
            return HttpResponseRedirect(edit_url(edit))
        if answer.status_code == 302:
            return HttpResponseRedirect(admin_url(edit.thing))
        for faults in answer.context_data["errors"]:
            self.message_user(request, faults if isinstance(faults, str) else " ".join(faults), messages.ERROR)
        return HttpResponseRedirect(edit_url(edit))

    def discard_view(self, request: HttpRequest, key: int) -> HttpResponse:
        edit = self._asked_for(request, key)
        if isinstance(edit, HttpResponse):
            return edit
        try:
            discard_edit(edit=edit, by=staff_of(request), now=timezone.now())
        except DomainError as refused:
            self.message_user(request, str(refused), messages.ERROR)
        else:
            self.message_user(request, _("The edit is discarded; nothing that is public has changed."))
        return HttpResponseRedirect(edit_url(edit))

    def _asked_for(self, request: HttpRequest, key: int) -> PendingEdit | HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        found: QuerySet[PendingEdit] = self.get_queryset(request)
        return get_object_or_404(found.select_related("thing", "prepared_by"), pk=key)
