from pathlib import Path

import pytest

from accounts.models import User
from tests.commitments.world import load, records
from tests.jobs.conftest import process_environment

__all__ = ["process_environment"]


@pytest.fixture
def world(db: None, tmp_path: Path) -> Path:
    """A small world, published, with deadlines from the end of 2026; the folder takes more files of records."""
    load(tmp_path / "world", records(2026))
    return tmp_path


@pytest.fixture
def reviewer(db: None) -> User:
    return User.objects.create_superuser("reviewer")
