"""A look-up for thousands of keys at once."""

from typing import Any

from django.db.models import Field, ForeignObject, Lookup


@ForeignObject.register_lookup
@Field.register_lookup
class Among(Lookup):
    """`pk__among=keys`: as `pk__in`, with one array parameter instead of one parameter for each key."""

    lookup_name = "among"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (list(value),)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, column_params = self.process_lhs(compiler, connection)
        _placeholder, params = self.get_db_prep_lookup(self.rhs, connection)
        return f"{column} = ANY(%s)", (*column_params, *params)
