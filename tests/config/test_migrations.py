"""The linter of migrations, which `make check` lets look at all that were added since the last release."""

from django.conf import settings

from tests.config.test_running import run


def test_a_migration_that_locks_a_table_is_refused():
    lint = ("manage.py", "lintmigrations", "publishing")

    refused = run(settings.DATA_DIR, *lint, "0003_document_links", DJANGO_SETTINGS_MODULE="tests.linting")
    allowed = run(settings.DATA_DIR, *lint, "0005_search_restorable", DJANGO_SETTINGS_MODULE="tests.linting")

    assert (refused.returncode, "CREATE INDEX locks table" in refused.stdout) == (1, True)
    assert allowed.returncode == 0, allowed.stdout
