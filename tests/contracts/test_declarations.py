"""What is declared is complete: a public thing is declared once, with its help, and nothing falls between."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.db import models
from django.test import Client
from django.utils.functional import Promise

from jobs.models import JobRun
from jobs.registry import JOBS
from publishing.fields import Field
from publishing.models import Publishable
from publishing.resource import Resource, registry
from tracking.models import Record
from tracking.resources import RecordResource
from tracking.statuses import NOT_ASSESSED, STATUSES

RESOURCES: list[type[Resource]] = list(registry)
DECLARATIONS: list[type[Resource]] = [*RESOURCES, RecordResource]

# Columns of every public thing that say that and how it is public, so no document has them.
BOOKKEEPING = {
    "id": "database ids are never public",
    "resource": "it is the collection that the thing is in",
    "state": "what is not published is not there",
    "unpublished_note_en": "it stands in the place of the thing",
    "unpublished_note_zh": "it stands in the place of the thing",
    "merged_into": "its address leads to the other one",
    "prepared_by": "staff are never named in public",
}

LOOKUPS = {"exact", "not", "in", "gte", "lte", "isnull"}

SCALES = {
    "ogp": {"Not started", "Limited", "Substantial", "Complete", "Withdrawn", "No evidence available"},
    "politifact": {"Not Yet Rated", "In the Works", "Stalled", "Compromise", "Promise Kept", "Promise Broken"},
    "cppp": {"fulfilled", "partially fulfilled", "not fulfilled"},
}
# Where a scale has no word for what a status says.
UNMAPPED = {
    ("not_assessed", "ogp"),
    ("not_assessed", "cppp"),
    ("no_evidence", "politifact"),
    ("unverifiable", "ogp"),
    ("unverifiable", "politifact"),
    ("unverifiable", "cppp"),
    ("superseded", "ogp"),
    ("superseded", "politifact"),
    ("superseded", "cppp"),
}


def by_name(declaration: type[Resource]) -> str:
    return declaration.__name__


def declared(declaration: type[Resource]) -> dict[str, Field]:
    return {**declaration.fields, **declaration.computed, **declaration.related}


def stored(model: type[models.Model]) -> Iterator[str]:
    """Yield the names of all that is stored of a model, in its own table, its parents' and links."""
    for field in [*model._meta.concrete_fields, *model._meta.many_to_many]:
        if not (field.remote_field and getattr(field.remote_field, "parent_link", False)):
            yield field.name


def published(declaration: type[Resource]) -> set[str]:
    """Return the names of the model's fields that a declaration publishes, or answers questions about."""
    paths = {path for field in declaration.fields.values() for path in (*field.columns(), field.source)}
    paths |= {field.source for field in declaration.related.values()} | set(declaration.computed)
    return {path.partition("__")[0] for path in paths}


class TestResources:
    def test_every_public_model_has_one(self):
        public = {model for model in apps.get_models() if issubclass(model, Publishable)} - {Publishable, Record}

        assert {declaration.model for declaration in RESOURCES} == public

    @pytest.mark.parametrize("declaration", RESOURCES, ids=by_name)
    def test_every_stored_field_is_published_or_private_for_a_reason(self, declaration):
        unknown = set(stored(declaration.model)) - published(declaration) - BOOKKEEPING.keys()

        assert unknown == declaration.private.keys()
        assert all(reason.strip() for reason in declaration.private.values())

    @pytest.mark.parametrize("declaration", DECLARATIONS, ids=by_name)
    def test_every_field_says_in_both_languages_what_it_means(self, declaration):
        fields = declared(declaration)

        assert isinstance(declaration.help, Promise)
        assert [
            name for name, field in fields.items() if not (isinstance(field.help, Promise) and str(field.help))
        ] == []

    @pytest.mark.parametrize("declaration", DECLARATIONS, ids=by_name)
    def test_every_field_is_declared_under_one_name(self, declaration):
        names = [*declaration.fields, *declaration.computed, *declaration.related]

        assert len(names) == len(set(names))

    def test_every_lookup_is_a_parameter_of_the_api(self, db):
        paths = Client().get("/api/schema/?format=json").json()["paths"]

        for declaration in DECLARATIONS:
            name = declaration.name
            offered = {parameter.get("name") for parameter in paths[f"/api/v1/{name}/"]["get"]["parameters"]}
            for field in declared(declaration).values():
                assert set(field.lookups) <= LOOKUPS, (name, field.name)
                wanted = {field.name if lookup == "exact" else f"{field.name}__{lookup}" for lookup in field.lookups}
                assert wanted <= offered, (name, field.name)


class TestStatuses:
    @pytest.mark.parametrize("code", STATUSES)
    def test_each_has_a_label_a_definition_a_colour_and_records_that_can_have_it(self, code):
        status = STATUSES[code]

        assert status.code == code
        assert isinstance(status.label, Promise) and str(status.label)
        assert isinstance(status.definition, Promise) and str(status.definition).endswith(".")
        assert status.colour
        assert status.resources
        assert set(status.resources) <= {"pledges", "mechanisms", "proposals"}

    def test_labels_tell_statuses_apart(self):
        labels = [str(status.label) for status in STATUSES.values()]

        assert len(labels) == len(set(labels))

    @pytest.mark.parametrize("scale", SCALES)
    def test_those_of_pledges_are_mapped_to_the_scales_that_researchers_know(self, scale):
        for code, status in STATUSES.items():
            grade = getattr(status, scale)
            if "pledges" not in status.resources or (code, scale) in UNMAPPED:
                assert grade == "", code
            else:
                assert grade in SCALES[scale], code

    def test_only_what_was_not_looked_at_is_open_to_all_kinds(self):
        shared = [code for code, status in STATUSES.items() if len(status.resources) > 1]

        assert shared == [NOT_ASSESSED]


class TestJobs:
    @pytest.mark.parametrize("name", sorted(JOBS))
    def test_each_tells_the_operator_what_it_is_for(self, name):
        summary = JOBS[name].summary

        assert isinstance(summary, Promise)
        assert str(summary).endswith(".")

    @pytest.mark.django_db(transaction=True)
    def test_each_leaves_a_row_of_its_run(self):
        for name in JOBS:
            call_command("run_job", name, verbosity=0)

        runs = JobRun.objects.order_by("job").values_list("job", "outcome", "manual")
        assert list(runs) == [(name, "done", True) for name in sorted(JOBS)]


OURS = {
    "accounts", "jobs", "publishing", "catalog", "sources", "tracking", "commitments", "mechanisms", "subscriptions",
}  # fmt: skip


def domain_models() -> list[type[models.Model]]:
    """Return our own models, without those that keep the history of others."""
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in OURS and not hasattr(model, "pgh_tracked_model")
    ]


@pytest.mark.parametrize("model", domain_models(), ids=lambda model: model._meta.label)
def test_every_model_is_named_in_both_languages(model):
    given: dict[str, Any] = model._meta.original_attrs

    assert isinstance(given.get("verbose_name"), Promise)
    assert isinstance(given.get("verbose_name_plural"), Promise)


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_every_field_that_the_admin_shows_is_named_in_both_languages(model):
    shown = [field for field in model._meta.concrete_fields if not (field.primary_key or field.generated)]
    shown += model._meta.many_to_many

    assert [field.name for field in shown if not isinstance(field.verbose_name, Promise)] == []
