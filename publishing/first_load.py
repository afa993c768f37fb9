"""What makes the first load of a large collection quick: indexes and references are made once, at its end."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from publishing import bulk
from publishing.models import Document, LedgerEntry
from publishing.resource import registry


@contextmanager
def indexes_set_aside() -> Iterator[None]:
    """Fill the tables of all resources without their indexes and references, and make and check these afterwards.

    Only tables that are empty take part. They are locked for everybody else until the transaction ends, which cannot
    be committed before all of it stands again; see sql/first_load.sql.
    """
    kept = [name for resource in registry for name in resource.needed_indexes]
    with connection.cursor() as cursor:
        cursor.execute("SELECT publishing_begin_first_load(%s::text[], %s::text[])", [_tables(), kept])
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT publishing_end_first_load()")


def _tables() -> list[str]:
    filled = [LedgerEntry._meta.db_table, Document._meta.db_table]
    for resource in registry:
        for model in bulk.tables_of(resource.model):
            filled += [model._meta.db_table, *(link.m2m_db_table() for link in model._meta.local_many_to_many)]
        filled += [model._meta.db_table for model in resource.also_fills]
    return list(dict.fromkeys(filled))
