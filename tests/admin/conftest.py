from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from publishing.models import Publishable
from tests.admin.desk import Desk
from tests.admin.world import records
from tests.commitments.world import load
from tracking.models import Finding, FindingKind, Record


@pytest.fixture
def world(db: None, tmp_path: Path) -> None:
    """One published record of every kind."""
    load(tmp_path / "world", records())


@pytest.fixture
def editor(db: None) -> User:
    """Somebody who may do everything but approve decisions."""
    editor = User.objects.create_user("editor", is_staff=True)
    editor.user_permissions.set(Permission.objects.exclude(codename="approve_decision"))
    return editor


@pytest.fixture
def reviewer(db: None) -> User:
    return User.objects.create_superuser("reviewer")


def desk_of(user: User, language: str = "en") -> Desk:
    client = Client()
    client.force_login(user)
    return Desk(client, language)


@pytest.fixture
def desk(editor: User) -> Desk:
    return desk_of(editor)


@pytest.fixture
def reviewers_desk(reviewer: User) -> Desk:
    return desk_of(reviewer)


@pytest.fixture
def pledge(world: None) -> Record:
    return Record.objects.get(ref="seoul.report.acme")


@pytest.fixture
def finding(pledge: Record) -> Finding:
    return Finding.objects.create(
        record=pledge,
        kind=FindingKind.DEADLINE_PASSED,
        fingerprint="2026-03-31",
        seen={"due_on": "2026-03-31"},
        found_at="2026-04-01T12:00:00Z",
    )


def key_of(ref: str) -> int:
    return Publishable.objects.get(ref=ref).pk
