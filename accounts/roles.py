"""The roles that staff can have. Each is a group of that name; config/roles.py says what it may do."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    EDITOR = "editor", _("editor")
    TRANSLATOR = "translator", _("translator")
    REVIEWER = "reviewer", _("reviewer")
    ADMINISTRATOR = "administrator", _("administrator")


DEFINITIONS = {
    Role.EDITOR: _("Prepares records, evidence and decisions; nothing becomes public by it."),
    Role.TRANSLATOR: _("Changes texts that stand in both languages, and nothing else."),
    Role.REVIEWER: _("Publishes and unpublishes, approves decisions, works off findings."),
    Role.ADMINISTRATOR: _("Makes and closes accounts, looks after jobs, mails and subscribers."),
}


def name_of(group: str) -> str:
    """Return the name of a group as staff read it; one that is not shipped has only its own."""
    return str(Role(group).label) if group in Role else group
