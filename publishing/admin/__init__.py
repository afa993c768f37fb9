"""The admin of everything that can be public; the apps above build theirs on `things`."""

from publishing.admin import everything, ledger, merging, pending, redacting

__all__ = ["everything", "ledger", "merging", "pending", "redacting"]
