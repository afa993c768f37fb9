from tests.commitments.conftest import reviewer, world

__all__ = ["reviewer", "world"]
