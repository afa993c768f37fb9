"""Every address of the admin, asked by everybody: who may see it, who may send something to it, who is refused.

What is expected is written down here once more, and not taken from where rights are given.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from model_bakery import baker

from accounts.actions import close_account
from accounts.models import LogIn, User
from jobs.models import Incident, JobRun
from keys.models import ApiKey
from publishing.models import PublicationState, Publishable
from subscriptions.models import Digest, Message, MessageKind, Subscription
from tests.accounts.conftest import account
from tests.admin.test_every_model import everything

__all__ = ["everything"]

pytestmark = pytest.mark.django_db

NOBODY: frozenset[str] = frozenset()
EDITOR, TRANSLATOR, REVIEWER, ADMINISTRATOR = map(
    frozenset, (["editor"], ["translator"], ["reviewer"], ["administrator"])
)
DESKS = EDITOR | TRANSLATOR | REVIEWER
STAFF = DESKS | ADMINISTRATOR
EVERYBODY = STAFF | {"stranger", "closed"}

WRITTEN_BY_EDITORS = {
    *("catalog.actor", "catalog.theme", "sources.source", "sources.passage", "sources.divergence"),
    *("commitments.instrument", "commitments.signature", "commitments.commitment", "commitments.pledge"),
    *("mechanisms.mechanism", "mechanisms.event", "mechanisms.proposal", "tracking.evidence", "tracking.response"),
}
MERGED = {"catalog.actor", "commitments.pledge", "mechanisms.mechanism", "mechanisms.proposal"}
OFFICE = ("accounts", "jobs", "keys", "subscriptions")
# Of each page: who may open it, and who may send something to it.
DOOR = {
    "login": (EVERYBODY, EVERYBODY),
    "admin_password_reset": (EVERYBODY, EVERYBODY),
    "password_reset_done": (EVERYBODY, NOBODY),
    "password_reset_confirm": (EVERYBODY, EVERYBODY),
    "password_reset_complete": (EVERYBODY, NOBODY),
    "second_factor": (STAFF, STAFF),
    "second_factor_set_up": (STAFF, STAFF),
    "second_factor_codes": (NOBODY, STAFF),
    "index": (STAFF, STAFF),
    "password_change": (STAFF, STAFF),
    "password_change_done": (STAFF, NOBODY),
    "jsi18n": (STAFF, NOBODY),
    "app_list": (DESKS, DESKS),
    # Nothing asks for these two; what is unknown is answered like what is forbidden.
    "autocomplete": (NOBODY, NOBODY),
    "view_on_site": (NOBODY, NOBODY),
    "unknown": (NOBODY, NOBODY),
}
OWN_PAGES = {
    "accounts_user_close": (NOBODY, ADMINISTRATOR),
    "accounts_user_reopen": (NOBODY, ADMINISTRATOR),
    "accounts_user_link": (NOBODY, ADMINISTRATOR),
    "accounts_user_forget": (NOBODY, ADMINISTRATOR),
    "jobs_jobrun_overview": (ADMINISTRATOR, ADMINISTRATOR),
    "subscriptions_message_html": (ADMINISTRATOR, ADMINISTRATOR),
    # The list of all things names them to all staff; it and the list of records lead on to pages of their own.
    "tracking_record_change": (STAFF, STAFF),
    "publishing_publishable_changelist": (STAFF, STAFF),
    "publishing_publishable_history": (STAFF, STAFF),
    "publishing_publishable_change": (STAFF, STAFF),
    "publishing_publishable_add": (STAFF, STAFF),
    "publishing_publishable_offered": (STAFF, NOBODY),
    "publishing_pendingedit_publish": (NOBODY, REVIEWER),
    # Whoever looks at these may press; who is neither their author nor a reviewer is told so, and nothing is done.
    "publishing_pendingedit_discard": (NOBODY, DESKS),
    "publishing_merger_discard": (NOBODY, DESKS),
    "publishing_merger_do": (NOBODY, DESKS),
    "publishing_merger_undo": (NOBODY, DESKS),
    "publishing_pendingredaction_do": (NOBODY, DESKS),
    "publishing_pendingredaction_discard": (NOBODY, DESKS),
    "tracking_decision_withdraw": (NOBODY, DESKS),
    "tracking_record_decide": (EDITOR, EDITOR),
    "tracking_decision_approve": (NOBODY, REVIEWER),
    "tracking_decision_return": (NOBODY, REVIEWER),
    "tracking_decision_rebase": (NOBODY, EDITOR),
}
ACTIONS = {
    "publish_chosen": REVIEWER,
    "claim": REVIEWER,
    "dismiss": REVIEWER,
    "unsubscribe": ADMINISTRATOR,
    "revoke": ADMINISTRATOR,
    "send_again": ADMINISTRATOR,
    "delete_selected": ADMINISTRATOR,
}
ASKED = {"publishing_publishable_offered": "?term=y&app_label=catalog&model_name=actor&field_name=sources"}


def expected(label: str, page: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return who may open a page that comes with a model, and who may send it."""
    editor = EDITOR if label in WRITTEN_BY_EDITORS else NOBODY
    administrator = ADMINISTRATOR if label == "accounts.user" else NOBODY
    sees = ADMINISTRATOR if label.partition(".")[0] in OFFICE else DESKS
    removes = editor | (ADMINISTRATOR if label in ("subscriptions.subscription", "subscriptions.message") else NOBODY)
    merges = EDITOR | REVIEWER if label in MERGED else NOBODY
    return {
        "changelist": (sees, sees),
        "history": (sees, sees),
        "change": (sees, administrator | editor | (TRANSLATOR if editor else NOBODY)),
        "add": (editor | administrator, editor | administrator),
        "delete": (removes, removes),
        "publish": (REVIEWER, REVIEWER),
        "unpublish": (REVIEWER, REVIEWER),
        "pledges": (EDITOR, EDITOR),
        "merge": (merges, merges),
        "redact": (editor | REVIEWER, editor | REVIEWER),
        "former": (STAFF, STAFF),
    }[page]


def addresses(patterns: Any, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, before + str(pattern.pattern))
        else:
            yield before + str(pattern.pattern), pattern


@pytest.fixture
def rows(everything: None) -> dict[str, models.Model]:
    """A row of every model, by its label."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    baker.make(ApiKey, requested_at=now)
    subscription = baker.make(Subscription, requested_at=now)
    baker.make(Message, subscription=subscription, kind=MessageKind.DIGEST, created_at=now)
    baker.make(Digest, subscription=subscription, from_seq=1, to_seq=2, changes=1)
    baker.make(JobRun)
    baker.make(Incident)
    baker.make(LogIn, outcome="password")
    return {model._meta.label_lower: model._base_manager.latest("pk") for model in admin.site._registry}


@pytest.fixture
def browsers(rows: object) -> dict[str, Client]:
    """A browser for each role, for a stranger, and for one who had all roles."""
    people = {role: account(f"one-{role}", role) for role in sorted(STAFF)} | {
        "closed": account("closed", *sorted(STAFF))
    }
    browsers = {name: Client() for name in people}
    for name, browser in browsers.items():
        browser.force_login(people[name])
    close_account(account=people["closed"], by=people["administrator"])
    return browsers | {"stranger": Client()}


def pages(rows: dict[str, models.Model]) -> Iterator[tuple[str, str, str]]:
    """Yield address, name and model of every page of the admin, filled with the keys of rows that are there."""
    for route, pattern in addresses(get_resolver().url_patterns):
        folder, *parts = route.split("/")
        if folder != "admin" or pattern.name == "logout":
            continue
        label = ".".join(parts[:2]) if ".".join(parts[:2]) in rows else ""
        address = "/" + re.sub(r"\^?\(\?P(<\w+>).*\)/?\$", r"\1/", route)
        key = str(rows[label].pk) if label else "1"
        address = address.replace("<path:content_type_id>", "1")
        for part in ("<int:key>", "<int:object_id>", "<path:object_id>"):
            address = address.replace(part, key)
        for part, value in (
            ("<uidb64>", "MQ"),
            ("<token>", "unknown"),
            ("<app_label>", "catalog"),
            ("<url>", "unknown"),
        ):
            address = address.replace(part, value)
        yield address, pattern.name or ("former" if label else "unknown"), label


def allowed(label: str, name: str) -> tuple[frozenset[str], frozenset[str]]:
    special = DOOR | OWN_PAGES
    return special[name] if name in special else expected(label, name.rpartition("_")[2])


class DrawsForms:
    """Leaves pages undrawn but those of single rows, which differ by role: what counts here is who gets one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        if request.method == "POST" or not request.path.endswith("/change/"):
            response.template_name = engines["django"].from_string("")
        return response


def is_let_in(response: Any) -> bool:
    return response.status_code < 400 and not response.get("Location", "").startswith("/admin/login/")


def test_every_address_lets_in_whom_it_is_for_and_refuses_everybody_else(rows, browsers, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.DrawsForms"]
    wrong = []
    seen = 0
    for address, name, label in pages(rows):
        for sends, wanted in enumerate(allowed(label, name)):
            # A list or a history that is sent something shows itself again.
            if sends and name.rpartition("_")[2] in ("changelist", "history", "former"):
                continue
            let_in = set()
            for who, browser in browsers.items():
                with transaction.atomic():
                    if label in WRITTEN_BY_EDITORS and name.endswith("_delete"):
                        Publishable.objects.filter(pk=rows[label].pk).update(state=PublicationState.DRAFT)
                    ask = browser.post if sends else browser.get
                    if is_let_in(ask(address + ASKED.get(name, ""))):
                        let_in.add(who)
                    transaction.set_rollback(True)
            seen += 1
            if let_in != wanted:
                wrong.append(f"{'POST' if sends else 'GET'} {address}: {sorted(let_in)}, not {sorted(wanted)}")

    assert wrong == []
    assert seen > 300


def test_what_is_done_to_chosen_rows_is_offered_to_whom_it_is_for(rows, browsers):
    offered: dict[tuple[str, str], set[str]] = {}
    for model, model_admin in admin.site._registry.items():
        for who in STAFF if model_admin.actions else ():
            answer = browsers[who].get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/")
            form = answer.context and answer.context.get("action_form")
            for action, _words in form.fields["action"].choices if form else ():
                offered.setdefault((model._meta.label_lower, action), set()).add(who)
    offered = {key: who for key, who in offered.items() if key[1]}

    assert offered == {key: set(ACTIONS[key[1]]) for key in offered}
    assert {action for _label, action in offered} == set(ACTIONS)
    assert {label for label, action in offered if action == "publish_chosen"} == WRITTEN_BY_EDITORS


def test_before_the_second_factor_every_page_leads_to_it(rows, browsers, settings):
    settings.SECOND_FACTOR = True
    open_to_all = {name for name, (who, _sends) in DOOR.items() if who == EVERYBODY}

    for address, name, _label in pages(rows):
        if name in open_to_all or name.startswith("second_factor") or name == "jsi18n":
            continue
        for ask in (browsers["reviewer"].get, browsers["administrator"].post):
            assert ask(address).get("Location", "").startswith("/admin/second-factor/set-up/"), address
    assert list(User.objects.filter(is_active=False).values_list("username", flat=True)) == ["closed"]
