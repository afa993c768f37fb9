from tests.commitments.conftest import reviewer

__all__ = ["reviewer"]
