from pathlib import Path

import pytest

from accounts.models import User
from tests.commitments.world import WORLD, load
from tests.jobs.conftest import process_environment

__all__ = ["process_environment"]


@pytest.fixture
def world(db: None, tmp_path: Path) -> Path:
    """A small world, published; the folder takes more files of records."""
    load(tmp_path / "world", WORLD)
    return tmp_path


@pytest.fixture
def reviewer(db: None) -> User:
    return User.objects.create_superuser("reviewer")
