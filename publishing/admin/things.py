"""The base of the admin of every kind of public thing: drafts, publishing, revising, unpublishing, edit history."""

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, models, transaction
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from publishing.actions import hanging_on, lock, publish, unpublish
from publishing.admin.edits import edits_of
from publishing.admin.meanwhile import WatchedForm
from publishing.admin.merging import Merges, merger_url
from publishing.admin.naming import ShowsState, branch_of, public_url
from publishing.admin.offering import OffersThings, allowed_resources, give_chosen
from publishing.admin.pending import (
    in_words,
    keep_for_another,
    may_publish,
    publisher_of,
    refuse_other_differences,
    reopened,
    staff_of,
    waiting_edits,
)
from publishing.admin.reading import ReadOnly
from publishing.admin.redacting import Redacts
from publishing.admin.translating import Translated
from publishing.completeness import Incomplete, refuse_incomplete
from publishing.differences import public_differences
from publishing.errors import DomainError, NeedsAnother
from publishing.ledger import Appending
from publishing.models import Act, LedgerEntry, Merger, MergerState, PublicationState, Publishable
from publishing.refs import free_ref, ref_from
from publishing.resource import registry

CHILDREN_SHOWN = 50
logger = logging.getLogger(__name__)


class SavedAtOnce(DomainError):
    code = "saved_at_once"
    message = _("Somebody else has saved something that excludes this at the same moment. Look at it and save again.")


class ThingForm(WatchedForm):
    """The form of a thing. What its action refused comes back as an error beside what was typed."""

    refusal: ClassVar[DomainError | None] = None
    proposed: set[str] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "ref" in self.fields:
            self.fields["ref"].required = False

    def proposed_ref(self, values: Mapping[str, Any]) -> str:
        """Return the ref that is wanted when none was typed."""
        words = next((values[name] for name in ("title_en", "name_en", "label_en", "title") if values.get(name)), "")
        return ref_from(words)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("ref") and not self.errors:
            self._propose_ref(cleaned)
        if self.refusal is not None:
            self._refuse(self.refusal, cleaned)
        return cleaned

    def _propose_ref(self, cleaned: dict[str, Any]) -> None:
        if "ref" not in self.fields and self.instance.ref:
            return
        taken = self.proposed if self.proposed is not None else set()
        ref = free_ref(self.proposed_ref(cleaned) or str(self._meta.model.collection), but=taken)
        taken.add(ref)
        cleaned["ref"] = self.instance.ref = ref

    def _refuse(self, refusal: DomainError, cleaned: dict[str, Any]) -> None:
        if isinstance(refusal, Incomplete) and refusal.params["ref"] == (cleaned.get("ref") or self.instance.ref):
            for key in refusal.params["keys"]:
                if key in self.fields:
                    self.add_error(key, _("This is needed before it can be public."))
        self.add_error(None, str(refusal))


class ChildForm(ThingForm):
    """A thing that is edited on the page of another one, and can be published together with it."""

    publish_with_it = forms.BooleanField(
        label=_("publish with it"),
        required=False,
        help_text=_("Ticked, this draft becomes public when you save and what it belongs to is public."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.is_public:
            _switch_off(self.fields["publish_with_it"])
        if self.instance.pk and self.instance.state != PublicationState.DRAFT and "ref" in self.fields:
            self.fields["ref"].disabled = True


def _is_gone(form: Any, formset: Any) -> bool:
    """Whether a row was deleted by the save of its formset, or never was one."""
    return form.instance.pk is None or form in formset.deleted_forms


def _switch_off(field: forms.Field) -> None:
    field.disabled, field.label, field.help_text = True, "", ""
    field.widget = forms.CheckboxInput(attrs={"hidden": True})


class ChildFormSet(BaseInlineFormSet):
    """Children of a thing. What was ever public cannot be deleted, and of very many only the first are shown."""

    more = False

    def __init__(self, *args: Any, **options: Any) -> None:
        # The refs that rows of this form have proposed so far, so that no two propose the same.
        self.proposed: set[str] = set()
        super().__init__(*args, **options)

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields and form.instance.pk and not self.may_be_deleted(form.instance):
            _switch_off(form.fields["DELETE"])

    def may_be_deleted(self, thing: Publishable) -> bool:
        return thing.state == PublicationState.DRAFT

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        formset: Any = super()
        form = formset._construct_form(i, **kwargs)
        form.proposed = self.proposed
        give_chosen(form)
        return form

    def get_queryset(self) -> QuerySet:
        """Return the rows of the form; when it was sent, whoever saves one of them on its own page waits."""
        if not hasattr(self, "_queryset"):
            found = super().get_queryset()
            if self.is_bound:
                lock(list(found.values_list("pk", flat=True)))
            if not self.is_bound:
                self.more = found[CHILDREN_SHOWN : CHILDREN_SHOWN + 1].exists()
                self._queryset = found[:CHILDREN_SHOWN]
        return self._queryset


class ListedFormSet(ChildFormSet):
    """Children that are only shown: what is sent back about them is not looked at."""

    def __init__(self, data: Any = None, files: Any = None, **options: Any) -> None:
        super().__init__(None, None, **options)

    def is_valid(self) -> bool:
        return True

    def save(self, commit: bool = True) -> list[Any]:
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        return []


class ThingInline(OffersThings, ShowsState, admin.TabularInline):
    """Things that hang on the one whose page it is, one a line. New ones are drafts."""

    form = ChildForm
    formset = ChildFormSet
    template = "admin/publishing/children.html"
    layout = "admin/edit_inline/tabular.html"
    extra = 0
    show_change_link = True
    readonly_fields: ClassVar[Any] = ["state_badge"]
    formfield_overrides = {models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 3})}}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Read what the rows link to together with them, so that the page takes the same queries for any number."""
        links = [self.model._meta.get_field(name) for name in self.get_autocomplete_fields(request)]
        found = (
            super()
            .get_queryset(request)
            .select_related(str(self.fk_name), *(link.name for link in links if link.many_to_one))
        )
        for link in links:
            if link.many_to_many and link.remote_field.model is Publishable:
                branches = {branch_of(resource) for resource in allowed_resources(link)}
                found = found.prefetch_related(*(f"{link.name}__{branch}" for branch in branches))
            elif link.many_to_many:
                found = found.prefetch_related(link.name)
        return found


class StackedThingInline(ThingInline):
    """The same with room for texts in two languages side by side."""

    layout = "admin/edit_inline/stacked.html"


class ShownInline(ReadOnly, admin.TabularInline):
    """Rows that belong to the thing whose page it is and are not edited there."""

    formset = ListedFormSet
    template = "admin/publishing/children.html"
    layout = "admin/edit_inline/tabular.html"
    extra = 0
    show_change_link = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields


class ListedInline(ShowsState, ShownInline):
    """Things that hang on the one whose page it is, only listed: each is edited on a page of its own."""

    may_be_added = True

    @property
    def add_address(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_add")

    @property
    def add_parameter(self) -> str:
        return str(self.fk_name)


class UnpublishForm(forms.Form):
    note_en = forms.CharField(
        label=_("Why it is unpublished (English)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )
    note_zh = forms.CharField(
        label=_("Why it is unpublished (Chinese)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )


class ThingAdmin(OffersThings, ShowsState, Merges, Redacts, Translated):
    """A thing is made as a draft. Once it is public, every save is a revision that the ledger records."""

    form = ThingForm
    change_form_template = "admin/publishing/thing_form.html"
    object_history_template = "admin/publishing/thing_history.html"
    actions = ["publish_chosen"]
    ordering = ["ref"]
    readonly_fields: ClassVar[Any] = ["state_badge"]
    show_full_result_count = False
    list_per_page = 50
    formfield_overrides = {models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 5})}}
    # The field whose English words the ref is proposed from while they are typed.
    ref_from: ClassVar[str] = "title_en"
    is_record: ClassVar[bool] = False

    class Media:
        css = {"all": ["publishing/admin.css"]}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, models.URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        pages = {"publish": self.publish_view, "unpublish": self.unpublish_view}
        own = [
            path(f"<int:object_id>/{page}/", self.admin_site.admin_view(view), name=f"{name}_{page}")
            for page, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: Publishable | None = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return fields if obj is None or obj.state == PublicationState.DRAFT else [*fields, "ref"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Publishable | None = None) -> dict[str, Any]:
        return {"ref": [self.ref_from]} if obj is None and self.ref_from else {}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Read the row; when its form was sent, after whoever is saving it, so that what they save is seen."""
        if connection.in_atomic_block and request.method == "POST" and object_id.isascii() and object_id.isdigit():
            lock([int(object_id)])
        return super().get_object(request, object_id, from_field)

    def get_form(
        self, request: HttpRequest, obj: Publishable | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = vars(request).get("refusal")
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what an action refused as an error of the form; nothing of that save is kept."""
        if request.method == "GET" and "edit" in request.GET:
            request = reopened(request, object_id)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except NeedsAnother as refused:
            if kept := keep_for_another(request, object_id, refused):
                return kept
            vars(request)["refusal"] = refused
        except DomainError as refused:
            vars(request)["refusal"] = refused
        except IntegrityError as excluded:
            logger.warning("A save was refused by the database: %s", excluded)
            vars(request)["refusal"] = SavedAtOnce()
        return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        is_merged = obj is not None and obj.state == PublicationState.MERGED
        context |= {
            "may_save": self.has_change_permission(request, obj) if change else self.has_add_permission(request),
            "may_publish": may_publish(request),
            "needs_another": settings.TWO_PERSON_RULE or not may_publish(request),
            "waiting_edits": waiting_edits(obj) if obj and obj.is_public else [],
            "publish_address": self._address("publish", obj) if obj and not obj.is_public and not is_merged else "",
            "thing_state": obj.state if obj else PublicationState.DRAFT,
            "thing_links": self.links(request, obj) if obj else [],
            "unpublish_address": self._address("unpublish", obj) if obj and obj.is_public else "",
            "merge_address": self._address("merge", obj) if obj and self.may_prepare_merger(request, obj) else "",
            "merger_address": _merger_address(obj) if obj else "",
            "public_address": public_url(obj, is_record=self.is_record) if obj and obj.is_public else "",
        }
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)

    def links(self, request: HttpRequest, thing: Any) -> list[tuple[str, Any]]:
        """Return (address, words) of further pages about a thing, for the row of buttons above its form."""
        return []

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Leave Django's own link out: it would be there for drafts as well."""
        return None

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Publish what is to be public after this save, as one act, and derive what the others need."""
        super().save_related(request, form, formsets, change)
        thing = form.instance
        touched = [(thing, "_publish" in request.POST)]
        edited = [thing.pk] if form.has_changed() or _parts_have_changed(formsets) else []
        for formset in formsets:
            for child_form in formset.forms if formset.is_bound else ():
                child = child_form.instance
                if isinstance(child, Publishable) and child_form.has_changed() and not _is_gone(child_form, formset):
                    touched.append((child, child_form.cleaned_data.get("publish_with_it", False)))
                    edited.append(child.pk)
        Publishable.objects.filter(pk__in=edited).update(prepared_by=staff_of(request))
        going_out = [each.pk for each, asked in touched if each.is_public or asked]
        for each, _asked in touched:
            if each.pk not in going_out:
                registry[each.resource].settle([each.pk])
        if going_out:
            self._publish_saved(request, going_out, [thing] if thing.pk in going_out else [])

    def _publish_saved(self, request: HttpRequest, things: list[int], shown: list[Any]) -> None:
        """Publish what was saved, unless the public would see no difference; who may not is told what it would be."""
        refuse_incomplete(things=things)
        differences = public_differences(things=things)
        if not differences:
            self.message_user(request, _("Nothing that the public sees has changed."))
            Publishable.objects.filter(pk__in=things).update(prepared_by=None)
            return
        refuse_other_differences(request, differences)
        try:
            act = publish(things=things, by=publisher_of(request), act=Act.PUBLISH)
        except NeedsAnother as refused:
            refused.differences = differences
            raise
        self._tell(request, act, shown)

    def _tell(self, request: HttpRequest, act: Appending, things: list[Any]) -> None:
        count = act.seq - act.first_seq + 1
        if not count:
            self.message_user(request, _("Nothing that the public sees has changed."))
            return
        message = ngettext(
            "%(count)d position was written to the ledger: %(last)d.",
            "%(count)d positions were written to the ledger: up to %(last)d.",
            count,
        ) % {"count": count, "last": act.seq}
        for thing in things:
            address = public_url(thing, is_record=self.is_record)
            message = format_html('{} <a href="{}">{}</a>', message, address, _("See it in public"))
        self.message_user(request, message, messages.SUCCESS)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return may_publish(request)

    @admin.action(description=_("Publish the chosen drafts"), permissions=["publish"])
    def publish_chosen(self, request: HttpRequest, queryset: QuerySet) -> None:
        drafts = list(queryset.filter(state=PublicationState.DRAFT).order_by("pk").values_list("pk", flat=True))
        if not drafts:
            self.message_user(request, _("There is no draft among the chosen."), messages.WARNING)
            return
        try:
            with transaction.atomic():
                refuse_incomplete(things=drafts)
                act = publish(things=drafts, by=staff_of(request), act=Act.PUBLISH)
        except DomainError as refused:
            self.message_user(request, _("Nothing was published. %(why)s") % {"why": refused}, messages.ERROR)
            return
        for thing in queryset.model._default_manager.filter(pk__in=drafts):
            self.log_change(request, thing, str(_("Published.")))
        self._tell(request, act, [])

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Drafts are deleted one at a time, on their own pages; what was public is never deleted."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def has_change_permission(self, request: HttpRequest, obj: Publishable | None = None) -> bool:
        """What was merged stays as it was, so that the merger can be undone."""
        return super().has_change_permission(request, obj) and (obj is None or obj.state != PublicationState.MERGED)

    def has_delete_permission(self, request: HttpRequest, obj: Publishable | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or obj.state == PublicationState.DRAFT)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Ask for the right to delete the thing itself; its rows in its parents' tables go with it."""
        shown, counts, missing, protected = super().get_deleted_objects(objs, request)
        parents = {parent._meta.verbose_name for parent in self.model._meta.get_parent_list()}
        return shown, counts, missing - parents, protected

    def publish_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what the public would see of a thing that is not public, then publish it as it is."""
        thing = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not may_publish(request):
            raise PermissionDenied
        refusal = ""
        if request.method == "POST":
            try:
                with transaction.atomic():
                    refuse_incomplete(things=[thing.pk])
                    act = publish(things=[thing.pk], by=staff_of(request), act=Act.PUBLISH)
            except DomainError as refused:
                refusal = str(refused)
            else:
                self.log_change(request, thing, str(_("Published.")))
                self._tell(request, act, [thing])
                return HttpResponseRedirect(self._address("change", thing))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Publish"),
            "subtitle": str(thing),
            "opts": self.opts,
            "original": thing,
            "differences": in_words(public_differences(things=[thing.pk])),
            "refusal": refusal,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/publishing/publish.html", context)

    def unpublish_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for the note, then take the thing out of the public."""
        thing = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not may_publish(request):
            raise PermissionDenied
        form = UnpublishForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                unpublish(thing=thing, by=staff_of(request), **form.cleaned_data)
            except DomainError as refused:
                form.add_error(None, str(refused))
            else:
                self.log_change(request, thing, str(_("Unpublished.")))
                self.message_user(request, _("It is not public any more; its note stands in its place."))
                return HttpResponseRedirect(self._address("change", thing))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Unpublish"),
            "subtitle": str(thing),
            "opts": self.opts,
            "original": thing,
            "form": form,
            "hanging_on": len(hanging_on([thing.pk])),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/publishing/unpublish.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        thing = self.get_object(request, object_id)
        shown = thing is not None and self.has_view_or_change_permission(request, thing)
        extra = {
            "edits": edits_of(thing) if shown and thing is not None else [],
            "entries": LedgerEntry.objects.filter(ref=thing.ref).select_related("change__by").order_by("-seq")
            if shown and thing is not None
            else [],
            "media": self.media,
        }
        return super().history_view(request, object_id, extra | (extra_context or {}))

    def _address(self, page: str, thing: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=[thing.pk])


def _parts_have_changed(formsets: Any) -> bool:
    """Whether rows that are parts of the thing itself, such as links with a note, were changed."""
    return any(formset.has_changed() for formset in formsets if not issubclass(formset.model, Publishable))


def _merger_address(thing: Publishable) -> str:
    """Return where the merger stands by which a thing went; empty for what was not merged itself."""
    done = Merger.objects.filter(old=thing.pk, state=MergerState.MERGED).first() if thing.merged_into_id else None
    return merger_url(done) if done else ""
