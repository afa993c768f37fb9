"""Emptying the database after a test that committed, although the ledger refuses to be emptied."""

from typing import Any

from psycopg import Connection, sql

TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1"
TRIGGERS_THAT_NO_SETTING_LIFTS = """
    SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE tgenabled = 'A' AND NOT tgisinternal AND relnamespace = 'public'::regnamespace ORDER BY 1, 2
"""


class Pristine:
    """The rows that the migrations left. `restore` brings the database back to them, faster than Django's flush.

    Needs a connection of the superuser, which lifts foreign keys and triggers for itself; those that it cannot lift
    (ENABLE ALWAYS) are switched off by name and on again in the same transaction.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        self.connection = connection
        self.execute("SET session_replication_role = replica")
        self.execute("SET lock_timeout = '10s'")
        self.execute("SET client_min_messages = warning")
        self.execute("CREATE SCHEMA pristine")
        self.tables = [name for (name,) in self.execute(TABLES)]
        self.kept = self.filled()
        for table in self.kept:
            self.execute("CREATE TABLE pristine.{0} AS TABLE public.{0}", table)

    def close(self) -> None:
        """End all other sessions too: a thread of some story's server may still be on its way out."""
        self.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        self.connection.close()

    def execute(self, statement: str, *names: str) -> Any:
        return self.connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def filled(self) -> list[str]:
        """Return the tables that have rows. One query, which stops at the first row of each."""
        asked = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM public.{})").format(sql.Literal(name), sql.Identifier(name))
            for name in self.tables
        )
        return [name for (name,) in self.connection.execute(asked)]

    def restore(self) -> None:
        with self.connection.transaction():
            always = self.execute(TRIGGERS_THAT_NO_SETTING_LIFTS).fetchall()
            for table, trigger in always:
                self.execute("ALTER TABLE public.{} DISABLE TRIGGER {}", table, trigger)
            filled = sql.SQL(", ").join(sql.Identifier("public", name) for name in self.filled())
            self.connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(filled))
            for table in self.kept:
                self.execute("INSERT INTO public.{0} OVERRIDING SYSTEM VALUE SELECT * FROM pristine.{0}", table)
            for table, trigger in always:
                self.execute("ALTER TABLE public.{} ENABLE ALWAYS TRIGGER {}", table, trigger)
