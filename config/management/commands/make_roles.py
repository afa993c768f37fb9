from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from config.roles import make_roles


class Command(BaseCommand):
    help = _("Makes the groups Editors and Reviewers with their rights. A group that is there is left as it is.")

    def handle(self, *args: Any, **options: Any) -> None:
        made = make_roles()
        self.stdout.write(
            _("Made: %(groups)s.") % {"groups": ", ".join(made)} if made else _("Both are there already.")
        )
