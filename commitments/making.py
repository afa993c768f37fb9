"""The page on which staff see the pledges that nobody has recorded yet, and make them."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from catalog.models import Actor
from commitments.actions import draft_pledges, pledges_to_make
from commitments.models import Commitment, Pledge
from publishing.actions import publish
from publishing.admin.naming import label_of
from publishing.admin.pending import may_publish, staff_of
from publishing.admin.things import SavedAtOnce, ThingAdmin
from publishing.completeness import refuse_incomplete
from publishing.errors import DomainError
from publishing.models import Act, PublicationState, Publishable


class MakesPledges(ThingAdmin):
    """The base of the admins of what pledges follow from; each says which commitments those are."""

    @abstractmethod
    def commitments_of(self, thing: Any) -> Sequence[int]:
        """Return the keys of the commitments whose pledges follow from a thing."""

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_pledges"
        view = self.admin_site.admin_view(self.pledges_view)
        return [path("<int:object_id>/pledges/", view, name=name), *super().get_urls()]

    def links(self, request: HttpRequest, thing: Any) -> list[tuple[str, Any]]:
        links = super().links(request, thing)
        if may_make(request):
            links.append((self._address("pledges", thing), _("Pledges of who is bound")))
        return links

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Say which pledges follow from what has become public and are not recorded."""
        super().save_related(request, form, formsets, change)
        thing = form.instance
        public = Publishable.objects.filter(pk=thing.pk, state=PublicationState.PUBLISHED).exists()
        if not public or not may_make(request):
            return
        if missing := len(pledges_to_make(commitments=self.commitments_of(thing), today=timezone.now().date())):
            message = ngettext(
                "%(count)d pledge of who is bound is not recorded yet.",
                "%(count)d pledges of who is bound are not recorded yet.",
                missing,
            ) % {"count": missing}
            address = self._address("pledges", thing)
            link = format_html('{} <a href="{}">{}</a>', message, address, _("See and make them"))
            self.message_user(request, link, messages.WARNING)

    def pledges_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what is missing; make it as drafts, or make and publish it."""
        thing = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.has_view_permission(request, thing) or not may_make(request):
            raise PermissionDenied
        commitments, refusal = self.commitments_of(thing), ""
        if request.method == "POST":
            try:
                self._make(request, commitments)
            except DomainError as refused:
                refusal = str(refused)
            except IntegrityError:
                refusal = str(SavedAtOnce())
            else:
                return HttpResponseRedirect(self._address("change", thing))
        missing = pledges_to_make(commitments=commitments, today=timezone.now().date())
        refs = {ref for pledge in missing for ref in (pledge["commitment"], pledge["actor"]) if ref}
        named = {actor.ref: label_of(actor) for actor in Actor.objects.filter(ref__in=refs)}
        named |= {promise.ref: label_of(promise) for promise in Commitment.objects.filter(ref__in=refs)}
        context = {
            **self.admin_site.each_context(request),
            "title": _("Pledges of who is bound"),
            "subtitle": str(thing),
            "opts": self.opts,
            "original": thing,
            "refusal": refusal,
            "missing": [
                pledge | {"promise": named[pledge["commitment"]], "who": named.get(pledge["actor"], "")}
                for pledge in missing
            ],
            "may_publish": may_publish(request) and not settings.TWO_PERSON_RULE,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/commitments/pledges.html", context)

    @transaction.atomic
    def _make(self, request: HttpRequest, commitments: Sequence[int]) -> None:
        made = draft_pledges(commitments=commitments, today=timezone.now().date())
        LogEntry.objects.log_actions(
            staff_of(request).pk, Pledge.objects.filter(pk__in=made), ADDITION, [{"added": {}}]
        )
        Publishable.objects.filter(pk__in=made).update(prepared_by=staff_of(request))
        if made and "_publish" in request.POST:
            refuse_incomplete(things=made)
            self._tell(request, publish(things=made, by=staff_of(request), act=Act.PUBLISH), [])
            return
        message = ngettext(
            "%(count)d pledge was made as a draft.", "%(count)d pledges were made as drafts.", len(made)
        ) % {"count": len(made)}
        address = reverse("admin:commitments_pledge_changelist") + "?state=draft"
        link = format_html('{} <a href="{}">{}</a>', message, address, _("See the drafts"))
        self.message_user(request, link, messages.SUCCESS)


def may_make(request: HttpRequest) -> bool:
    return request.user.has_perm("commitments.add_pledge")
