"""A large first load sets indexes and references aside, and nobody can commit before they stand again."""

import re
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from config import embedded
from publishing import importing
from publishing.models import Publishable

FIXTURES = Path(__file__).parents[2] / "fixtures"
CASTS = re.compile(r"::(text|character varying)(\[\])?|[()]")
EVIDENCE = "SELECT publishing_begin_first_load(ARRAY['tracking_evidence', 'tracking_record'], ARRAY[]::text[])"


def declared() -> list[tuple[str, str]]:
    """Return all indexes and constraints of the database, by name. PostgreSQL writes casts anew when it reads them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
        )
        return [(name, CASTS.sub("", definition)) for name, definition in cursor.fetchall()]


def test_a_large_first_load_leaves_a_sound_tracker_with_every_index_and_constraint(transactional_db, monkeypatch):
    monkeypatch.setattr(importing, "LARGE", 100)
    before = declared()

    call_command("load_records", FIXTURES, verbosity=0)

    assert Publishable.objects.count() > 100
    assert declared() == before
    call_command("verify_ledger")


def test_the_running_role_cannot_commit_before_all_of_it_stands_again(connected_as):
    before = declared()
    running = connected_as(embedded.APP)

    with pytest.raises(psycopg.errors.RestrictViolation, match="a first load ends with what it set aside"):
        running.execute(EVIDENCE)

    assert declared() == before


def test_what_would_break_a_reference_is_refused_in_the_end(connected_as):
    running = connected_as(embedded.APP)

    with pytest.raises(psycopg.errors.ForeignKeyViolation), running.transaction():
        running.execute(EVIDENCE)
        running.execute(
            "INSERT INTO tracking_record_themes (record_id, theme_id) VALUES (1, 1); SELECT publishing_end_first_load()"
        )


def test_tables_that_have_rows_keep_everything(transactional_db):
    call_command("load_records", FIXTURES, verbosity=0)
    before = declared()

    with connection.cursor() as cursor:
        cursor.execute(EVIDENCE)

    assert declared() == before


@pytest.mark.parametrize("statement", ["DELETE FROM publishing_setaside", "SELECT * FROM publishing_setaside"])
def test_the_running_role_does_not_touch_what_is_remembered(connected_as, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connected_as(embedded.APP).execute(statement)
