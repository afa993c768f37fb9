"""Records, what shows something about them, the queue of findings, and the page where a status is decided on."""

from tracking.admin import decisions, evidence, findings, records, statuses

__all__ = ["decisions", "evidence", "findings", "records", "statuses"]
