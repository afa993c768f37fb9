"""The pages of mergers: prepared from the page of the thing that goes, looked at side by side, done and undone."""

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from publishing import reading
from publishing.actions import hanging_on
from publishing.admin.naming import admin_url, badge, label_of
from publishing.admin.pending import in_words, may_publish, staff_of
from publishing.admin.reading import Act, WaitingAdmin
from publishing.differences import Difference
from publishing.errors import DomainError
from publishing.merging import discard_merger, merge, needs_second_person, prepare_merger, undo_merger
from publishing.models import Merger, MergerState, Publishable
from publishing.moving import Move, Plan, owners_of, plan_merger
from publishing.resource import registry

NAMED = 8
NOTE = {"rows": 3, "class": "vLargeTextField"}


class MergeForm(forms.Form):
    """Into which thing another one is merged, by its ref."""

    into = forms.CharField(
        label=_("Ref of the one that stays"),
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off", "spellcheck": "false"}),
    )
    note_en = forms.CharField(label=_("Note (English)"), required=False, widget=forms.Textarea(attrs=NOTE))
    note_zh = forms.CharField(label=_("Note (Chinese)"), required=False, widget=forms.Textarea(attrs=NOTE))

    def __init__(self, data: Any, *, old: Publishable) -> None:
        super().__init__(data)
        self.old = old

    def clean_into(self) -> Publishable:
        others = Publishable.objects.public().filter(resource=self.old.resource).exclude(pk=self.old.pk)
        found = others.filter(ref=self.cleaned_data["into"].strip()).first()
        if found is None:
            raise forms.ValidationError(
                _("No other public thing of this kind (%(kind)s) has this ref. Copy it from its page."),
                params={"kind": registry[self.old.resource].verbose_name},
            )
        return found


class Merges(admin.ModelAdmin):
    """Mixed into the admin of things: the page on which a merger of one is prepared."""

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_merge"
        view = self.admin_site.admin_view(self.merge_view)
        return [path("<int:object_id>/merge/", view, name=name), *super().get_urls()]

    def may_prepare_merger(self, request: HttpRequest, thing: Publishable) -> bool:
        """Whether somebody may say that a thing is the same as another: who may change it, and who may publish."""
        change = f"{self.opts.app_label}.{get_permission_codename('change', self.opts)}"
        may = may_publish(request) or request.user.has_perm(change)
        return may and thing.is_public and registry[thing.resource].mergeable

    def merge_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask into which one it is merged; the merger then waits on a page of its own."""
        thing = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.may_prepare_merger(request, thing):
            raise PermissionDenied
        form = MergeForm(request.POST if request.method == "POST" else None, old=thing)
        if form.is_valid():
            try:
                merger = prepare_merger(old=thing, by=staff_of(request), now=timezone.now(), **form.cleaned_data)
            except DomainError as refused:
                form.add_error(None, str(refused))
            else:
                return HttpResponseRedirect(merger_url(merger))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Merge"),
            "subtitle": str(thing),
            "opts": self.opts,
            "original": thing,
            "form": form,
            "waiting": Merger.objects.filter(old=thing.pk, state=MergerState.WAITING).first(),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/publishing/merge.html", context)


class Moving(NamedTuple):
    """Rows of one kind that move by one link: how many, and the refs of the first."""

    kind: Any
    link: Any
    number: int
    refs: list[str]


def merger_url(merger: Merger, page: str = "change") -> str:
    return reverse(f"admin:publishing_merger_{page}", args=[merger.pk])


@admin.register(Merger)
class MergerAdmin(WaitingAdmin):
    acts: ClassVar[dict[str, tuple[Act, Promise]]] = {
        "do": (
            lambda merger, by, now: merge(merger=merger, by=by, now=now),
            _("Merged. The old ref leads to this one now."),
        ),
        "discard": (
            lambda merger, by, now: discard_merger(merger=merger, by=by, now=now),
            _("The merger is discarded; nothing has changed in public."),
        ),
        "undo": (
            lambda merger, by, now: undo_merger(merger=merger, by=by, now=now),
            _("The merger is undone: both are public again, each with what was its own."),
        ),
    }
    list_display = ["name", "kind", "prepared_by", "prepared_at", "state_badge", "closed_by"]
    list_filter = ["state", "prepared_at"]
    list_select_related = ["old", "into", "prepared_by", "closed_by"]
    search_fields = ["old__ref", "into__ref"]
    ordering = ["-prepared_at", "-pk"]
    change_form_template = "admin/publishing/merger.html"
    fields = ["state_badge", "note_en", "note_zh", "prepared_by", "prepared_at", "closed_by", "closed_at"]
    readonly_fields = ["state_badge"]

    @admin.display(description=_("merger"), ordering="old__ref")
    def name(self, merger: Merger) -> str:
        return str(merger)

    @admin.display(description=_("kind"), ordering="old__resource")
    def kind(self, merger: Merger) -> str:
        return str(registry[merger.old.resource].verbose_name)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, merger: Merger) -> SafeString:
        return badge(f"merger-{merger.state}", merger.get_state_display())

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        waits = obj.state == MergerState.WAITING
        own = needs_second_person(merger=obj, by=staff_of(request))
        may = may_publish(request)
        context |= {
            "waits": waits,
            "needs_another": waits and may and own,
            "may_do": waits and may and not own,
            "may_discard": waits and (may or obj.prepared_by_id == request.user.pk),
            "may_undo": obj.state == MergerState.MERGED and may,
            "sides": [
                {"role": role, "label": label_of(thing), "address": admin_url(thing)}
                for role, thing in ((_("Goes"), obj.old), (_("Stays"), obj.into))
            ],
            **(_what_it_does(obj) if waits else {}),
        }
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)


def _what_it_does(merger: Merger) -> dict[str, Any]:
    """Return for a merger's page what differs between the two, what moves, what goes, and what stands in the way."""
    found: dict[str, Any] = {"differences": _side_by_side(merger)}
    try:
        plan = plan_merger(old=merger.old_id, into=merger.into_id)
    except DomainError as refused:
        return found | {"refusal": str(refused)}
    moved = plan.things
    gone = [key for key in hanging_on([merger.old_id]) if key not in moved | {old.pk for old, _into in plan.pairs}]
    return found | {
        "moving": _moving(plan),
        "along": [(label_of(old), label_of(into)) for old, into in plan.pairs[1:]],
        "gone": Publishable.objects.filter(pk__in=gone).order_by("ref").values_list("ref", flat=True),
    }


def _side_by_side(merger: Merger) -> list[dict[str, Any]]:
    """Return what the public is told of both, where it differs."""
    resource = registry[merger.old.resource]
    sides = reading.present(resource, [merger.old_id, merger.into_id], reading.ask(now=timezone.now()))
    if len(sides) < 2:
        return []
    old, into = sides
    return in_words(
        Difference(ref=merger.old.ref, resource=resource.name, field=name, before=old[name], after=into.get(name))
        for name in old
    )


def _moving(plan: Plan) -> list[Moving]:
    groups: dict[tuple[Any, Any], list[Move]] = {}
    for move in plan.moves:
        groups.setdefault(_words_of(move), []).append(move)
    return [
        Moving(kind, link, len(moves), _refs(key for move in moves[:NAMED] for key in owners_of(move.row)))
        for (kind, link), moves in groups.items()
    ]


def _words_of(move: Move) -> tuple[Any, Any]:
    """Return the kind of what moves, in the plural, and what the link is called there."""
    row, link = move.row, move.link
    if isinstance(row, Publishable):
        return registry[row.resource].model._meta.verbose_name_plural, link.verbose_name
    if owner := link.model._meta.auto_created:
        many = next(many for many in owner._meta.local_many_to_many if many.remote_field.through is link.model)
        return owner._meta.verbose_name_plural, many.verbose_name
    return link.model._meta.verbose_name_plural, link.verbose_name


def _refs(keys: Iterable[int]) -> list[str]:
    return list(Publishable.objects.filter(pk__in=set(keys)).order_by("ref").values_list("ref", flat=True))
