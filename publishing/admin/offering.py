"""Choosing other things in a form: they are searched for as one types, and offered under names that tell them apart."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple, RelatedFieldWidgetWrapper
from django.db import models
from django.db.models import Case, ForeignKey, ManyToManyField, Q, QuerySet, Value, When
from django.http import HttpRequest

from publishing.admin.naming import branch_of, label_of, with_branches
from publishing.models import Publishable
from publishing.resource import Resource, registry

KEY = re.compile(r"\d{1,18}", re.ASCII)


class ThingField(forms.ModelChoiceField):
    given: Sequence[Publishable] = ()

    def label_from_instance(self, obj: models.Model) -> str:
        return label_of(obj) if isinstance(obj, Publishable) else str(obj)


class ThingsField(forms.ModelMultipleChoiceField):
    given: Sequence[Publishable] = ()

    def label_from_instance(self, obj: models.Model) -> str:
        return label_of(obj) if isinstance(obj, Publishable) else str(obj)


class OffersLabels(forms.Select):
    """Mixed into the widgets: what is chosen already is not asked for again when the form has been given it."""

    choices: Any

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        # An address may propose anything; only keys are looked for.
        value = [key for key in value if str(key) in self.choices.field.empty_values or KEY.fullmatch(str(key))]
        given = {str(thing.pk): thing for thing in self.choices.field.given}
        wanted = [str(key) for key in value if str(key) not in self.choices.field.empty_values]
        if not given.keys() >= set(wanted):
            return super().optgroups(name, value, attr)
        options = []
        if not self.is_required and not self.allow_multiple_selected:
            options.append(self.create_option(name, "", "", False, 0))
        for key in wanted:
            options.append(self.create_option(name, key, label_of(given[key]), True, len(options)))
        return [(None, options, 0)]


class ThingSelect(OffersLabels, AutocompleteSelect):
    url_name = "%s:publishing_publishable_offered"


class ThingsSelect(OffersLabels, AutocompleteSelectMultiple):
    url_name = "%s:publishing_publishable_offered"


def allowed_resources(field: Any) -> list[type[Resource]]:
    """Return the resources that a link to Publishable may lead to, as its `limit_choices_to` says."""
    limit = field.remote_field.limit_choices_to or {}
    names = [limit["resource"]] if "resource" in limit else limit.get("resource__in", registry.names())
    return [registry[name] for name in names]


class OffersThings(BaseModelAdmin):
    """Mixed into a ModelAdmin or an inline: `autocomplete_fields` that lead to things use the widgets above."""

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if self._offers(db_field, request):
            kwargs |= {"widget": ThingSelect(db_field, self.admin_site), "form_class": ThingField}
            kwargs.setdefault("queryset", self._choices(db_field))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any) -> Any:
        if self._offers(db_field, request):
            kwargs |= {"widget": ThingsSelect(db_field, self.admin_site), "form_class": ThingsField}
            kwargs.setdefault("queryset", self._choices(db_field))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let sources be added from where they are chosen: their links lead to Publishable, which cannot be added."""
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if formfield is not None and isinstance(formfield.widget, RelatedFieldWidgetWrapper):
            # Whoever edits one thing does not delete another from there.
            formfield.widget.can_delete_related = False
        if (
            formfield is not None
            and isinstance(formfield.widget, RelatedFieldWidgetWrapper)
            and db_field.remote_field.model is Publishable
            and [resource.name for resource in allowed_resources(db_field)] == ["sources"]
        ):
            sources = self.admin_site.get_model_admin(registry["sources"].model)
            formfield.widget.can_add_related = sources.has_add_permission(request)
        return formfield

    def _offers(self, db_field: Any, request: HttpRequest) -> bool:
        return issubclass(db_field.remote_field.model, Publishable) and db_field.name in self.get_autocomplete_fields(
            request
        )

    def _choices(self, db_field: Any) -> QuerySet:
        things = db_field.remote_field.model._default_manager.all()
        return with_branches(things, allowed_resources(db_field)) if things.model is Publishable else things


def give_chosen(form: forms.ModelForm) -> None:
    """Give a form's fields the things that its row links to, as far as they were read together with the row."""
    row = form.instance
    if row.pk is None:
        return
    read_many = getattr(row, "_prefetched_objects_cache", {})
    for name, field in form.fields.items():
        if isinstance(field, ThingField) and row._meta.get_field(name).is_cached(row):
            chosen = getattr(row, name)
            field.given = [chosen] if chosen is not None else []
        elif isinstance(field, ThingsField) and name in read_many:
            field.given = list(read_many[name])


class OfferedView(AutocompleteJsonView):
    """What is offered while somebody types, under the same names as what was chosen."""

    def serialize_result(self, obj: models.Model, to_field_name: str) -> dict[str, str]:
        return {"id": str(getattr(obj, to_field_name)), "text": label_of(obj) if isinstance(obj, Publishable) else ""}

    def get_queryset(self) -> QuerySet:
        """Put first what is called what was typed, then what begins with it; no order would let pages overlap."""
        found = super().get_queryset()
        called, begins = Q(), Q()
        for name in name_columns(found.model, allowed_resources(self.source_field)) if self.term.strip() else ():
            called |= Q(**{f"{name}__iexact": self.term.strip()})
            begins |= Q(**{f"{name}__istartswith": self.term.strip()})
        closeness = Case(When(called, then=0), When(begins, then=1), default=2) if called else Value(0)
        return found.alias(closeness=closeness).order_by("closeness", "ref")


def name_columns(model: type[models.Model], resources: Sequence[type[Resource]]) -> Iterator[str]:
    """Yield the paths from a model of things to the columns that name them in lists."""
    for resource in resources:
        if model is Publishable or issubclass(resource.model, model):
            path = f"{branch_of(resource)}__" if model is Publishable else ""
            for name in (resource.label, f"{resource.label}_en", f"{resource.label}_zh"):
                if any(column.name == name for column in resource.model._meta.concrete_fields):
                    yield path + name
