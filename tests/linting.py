"""Settings for the linter of migrations, which has to be an installed app: `make check` runs it.

It refuses what the release before could not work with, and what locks a table while all of it is read or written.
CONTRIBUTING.md ("a migration") says what to do instead.
"""

from config.settings import *  # noqa: F403 a settings module takes over every name
from config.settings import BASE_DIR
from config.settings import INSTALLED_APPS as PRODUCT

INSTALLED_APPS = [*PRODUCT, "django_migration_linter"]
MIGRATION_LINTER_OPTIONS = {
    "no_cache": True,
    "project_root_path": str(BASE_DIR),
    "warnings_as_errors": [],  # which means all of them
}
