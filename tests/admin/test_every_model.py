"""Every model can be found, searched, filtered and opened, in both languages."""

import pytest
from django.conf import settings
from django.contrib import admin
from django.utils import timezone

from catalog.models import Actor, Theme
from commitments.models import Commitment
from publishing.admin.filters import DropdownFilter
from publishing.merging import prepare_merger
from publishing.models import LedgerEntry
from publishing.pending import keep_edit
from publishing.redacting import prepare_redaction, redact
from publishing.signing import sign_head
from sources.actions import keep_text
from tests.admin.conftest import desk_of
from tracking.actions import prepare_decision
from tracking.models import Evidence

OURS = ("publishing", "catalog", "sources", "tracking", "commitments", "mechanisms")
MODELS = [model for model in admin.site._registry if model._meta.app_label in OURS]
# Their rows lead to the pages of the kinds.
GATHERED = ("publishable", "record")

pytestmark = pytest.mark.django_db


@pytest.fixture
def everything(world, finding, pledge, editor):
    prepare_decision(
        record=pledge,
        status="fulfilled",
        effective_on=finding.found_at.date() if hasattr(finding.found_at, "date") else pledge.due_on,
        evidence=list(pledge.evidence.all()),
        by=editor,
        now=pledge.overdue_from.replace(year=2027),
        reason_en="It is there.",
    )
    sign_head(key=settings.SIGNING_KEY, now=timezone.now())
    source = pledge.evidence.first().source
    keep_text(source=source, text="It is there.", by=editor, now=finding.found_at)
    keep_edit(thing=Theme.objects.get(), form={}, differences=[], by=editor, now=finding.found_at)
    acme, bell = Actor.objects.filter(ref__in=["acme", "bell"]).order_by("ref")
    prepare_merger(old=bell, into=acme, by=editor, now=finding.found_at)
    redaction = prepare_redaction(
        thing=acme, fields=["name_zh"], also_present=True, note_en="No name.", by=editor, now=finding.found_at
    )
    redact(redaction=redaction, by=editor, now=finding.found_at)


def test_every_model_of_the_domain_is_in_the_admin():
    from django.apps import apps

    shown = {model._meta.label for model in MODELS}
    inline_only = {"mechanisms.TakenUp"}
    domain = {
        model._meta.label
        for label in OURS
        for model in apps.get_app_config(label).get_models()
        if not hasattr(model, "pgh_tracked_model")
    }

    assert domain - shown == inline_only


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_list_is_searched_and_filtered(everything, editor, language):
    desk = desk_of(editor, language)
    for model in MODELS:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        listed = desk.open(path)
        assert listed.status == 200, path
        assert listed.response.context["cl"].result_count > 0, path
        assert desk.open(f"{path}?q=acme 安全").status == 200, path
        for spec in listed.response.context["cl"].filter_specs:
            for choice in list(spec.choices(listed.response.context["cl"]))[1:2]:
                asked = path + choice["query_string"]
                assert desk.client.get(asked).status_code == 200, asked
            if isinstance(spec, DropdownFilter):
                for key in ("", *(key for key, _words in list(spec.lookup_choices)[:1])):
                    asked = f"{path}?{spec.lookup_kwarg}={key}"
                    assert desk.client.get(asked).status_code == 200, asked


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_of_every_model_opens(everything, editor, language):
    desk = desk_of(editor, language)
    for model, model_admin in admin.site._registry.items():
        if model not in MODELS:
            continue
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        row = model._base_manager.order_by("-pk")[0]
        for page in ("change", "history"):
            assert desk.open(f"{path}{row.pk}/{page}/").status == 200, f"{path}{page}"
        add = desk.client.get(f"{path}add/").status_code
        assert add == (403 if is_read_only(model_admin) else 200) or model._meta.model_name == "publishable", path


def is_read_only(model_admin):
    return model_admin.get_actions.__qualname__ != "ThingAdmin.get_actions"


def test_a_list_takes_the_same_queries_for_any_number_of_rows(world, desk, django_assert_max_num_queries):
    for path in ("/admin/commitments/pledge/", "/admin/tracking/record/", "/admin/publishing/publishable/"):
        with django_assert_max_num_queries(10):
            desk.client.get(path)


def test_what_is_linked_to_is_offered_by_name_in_either_language(world, desk):
    def offered(term, **field):
        query = "&".join(f"{name}={value}" for name, value in field.items())
        answer = desk.client.get(f"/admin/publishing/publishable/offered/?term={term}&{query}")
        return [result["text"] for result in answer.json()["results"]]

    assert offered("year", app_label="catalog", model_name="actor", field_name="sources") == [
        "Yearly report · src-report"
    ]
    assert offered("峰会", app_label="mechanisms", model_name="takenup", field_name="by") == ["Summit · summit"]
    assert offered("艾克", app_label="commitments", model_name="pledge", field_name="actor") == ["Acme · acme"]


def test_what_is_called_as_was_typed_is_offered_first(world, desk):
    theme = {"definition_en": "x", "definition_zh": "x"}
    for ref, label in (("a", "Of safety"), ("b", "Safety of models")):
        typed = {"ref": ref, "label_en": label, "label_zh": label, **theme}
        desk.send(desk.open("/admin/catalog/theme/add/"), "_save", **typed)
    source = {"kind": "page", "url": "https://a.example/", "lang": "en", "title": "On a Yearly report"}
    desk.send(desk.open("/admin/sources/source/add/"), "_save", ref="src-a", **source)

    def offered(term, model, name):
        query = f"term={term}&app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={name}"
        answer = desk.client.get(f"/admin/publishing/publishable/offered/?{query}").json()["results"]
        return [result["text"].rpartition(" · ")[2].partition(" ")[0] for result in answer]

    assert offered("safety", Commitment, "themes") == ["safety", "b", "a"]
    assert offered("yearly", Actor, "sources") == ["src-report", "src-a"]
    assert offered("publish", Evidence, "record") == ["seoul.report.acme"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("commitment/?state__exact=%00", 400),
        ("commitment/?themes=%00", 400),
        ("commitment/add/?instrument=abc&themes=x&sources=99999999999999999999999", 200),
    ],
)
def test_an_address_full_of_nonsense_is_refused_or_left_empty(world, desk, address, status):
    assert desk.client.get(f"/admin/commitments/{address}", follow=True).status_code == status


@pytest.mark.parametrize("key", ["abc", "1; DROP TABLE", "1.5", ""])
def test_chosen_rows_whose_keys_are_no_keys_are_refused(world, desk, key):
    before = list(Actor.objects.order_by("pk").values())

    answer = desk.client.post("/admin/catalog/actor/", {"action": "publish_chosen", "_selected_action": [key]})

    assert answer.status_code == 400
    assert list(Actor.objects.order_by("pk").values()) == before


def test_the_ledger_cannot_be_touched(world, desk):
    entry = LedgerEntry.objects.get(ref="safety")
    before = LedgerEntry.objects.filter(pk=entry.pk).values().get()
    path = f"/admin/publishing/ledgerentry/{entry.pk}"

    assert desk.post(f"{path}/change/", ref="danger").status == 403
    assert desk.post(f"{path}/delete/", post="yes").status == 403
    assert desk.client.get("/admin/publishing/ledgerentry/add/").status_code == 403
    assert LedgerEntry.objects.filter(pk=entry.pk).values().get() == before


def test_the_index_shows_what_waits(everything, desk):
    page = desk.open("/admin/")

    assert "<strong>1</strong> open finding" in page.text
    assert "<strong>1</strong> submitted decision" in page.text
