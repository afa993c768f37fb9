"""Publish anew what has other fields since a release."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from publishing.redeclaring import ChangedBehindTheLedger, redeclare


class Command(BaseCommand):
    help = (
        "After a release that publishes other fields, write a revision of every document that this concerns, as one"
        " change. Does nothing when there are none, and refuses when a row was changed behind the ledger."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = redeclare(by=None)
        except ChangedBehindTheLedger as changed:
            raise CommandError(_("The ledger is broken. %(found)s.") % {"found": changed.broken}) from changed
        self.stdout.write(_("Documents that were given the fields of this release: %(count)d.") % {"count": count})
