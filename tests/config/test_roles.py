import psycopg
import pytest
from django.db import connection

from accounts.models import User
from config import embedded


def test_the_site_runs_with_a_role_that_uses_tables_and_cannot_alter_them(connected_as):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (embedded.APP,)

    running = connected_as(embedded.APP)

    for forbidden in (
        "DROP TABLE accounts_user",
        "ALTER TABLE accounts_user DISABLE TRIGGER ALL",
        "TRUNCATE accounts_user CASCADE",
        "CREATE TABLE mine ()",
        "SET ROLE pactwatch",
        "SET session_replication_role = replica",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            running.execute(forbidden)


def test_what_a_test_committed_is_gone_and_what_the_migrations_left_is_there(connected_as):
    owner = connected_as(embedded.OWNER)
    owner.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'")
    owner.execute("CREATE TRIGGER guard BEFORE TRUNCATE ON accounts_user EXECUTE FUNCTION refuse()")
    owner.execute("ALTER TABLE accounts_user ENABLE ALWAYS TRIGGER guard")
    User.objects.create_user("left-behind")


@pytest.mark.django_db(transaction=True)
def test_the_guard_of_the_test_before_stands_again(connected_as):
    owner = connected_as(embedded.OWNER)

    assert owner.execute("SELECT tgenabled FROM pg_trigger WHERE tgname = 'guard'").fetchall() == [("A",)]
    assert owner.execute("SELECT count(*) FROM accounts_user").fetchall() == [(0,)]
    assert owner.execute("SELECT count(*) > 0 FROM auth_permission").fetchall() == [(True,)]

    owner.execute("DROP FUNCTION refuse CASCADE")


def test_chinese_text_is_read_as_letters(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT datlocprovider, datlocale, datctype FROM pg_database WHERE datname = current_database()")
        assert cursor.fetchone() == ("b", "C.UTF-8", "C.UTF-8")
        cursor.execute("SELECT to_tsvector('simple', '水 印。火')::text")
        assert cursor.fetchone() == ("'印':2 '水':1 '火':3",)
