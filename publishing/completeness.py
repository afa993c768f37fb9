"""Whether a thing has what every public thing of its kind must have. A draft may lack it."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from publishing.errors import DomainError
from publishing.fields import Field
from publishing.models import Publishable
from publishing.resource import Resource, registry


class Incomplete(DomainError):
    """`keys` are those of the document that are empty."""

    code = "incomplete"
    message = _("“%(ref)s” cannot be public yet: fill in %(fields)s.")


def refuse_incomplete(*, things: Sequence[int]) -> None:
    """Raise Incomplete for the first of these things that lacks what its resource requires.

    `things` are keys of Publishable. Two or more queries for each kind among them, none for each thing.
    """
    kinds: dict[str, list[int]] = {}
    for key, kind in Publishable.objects.filter(pk__in=things).values_list("pk", "resource"):
        kinds.setdefault(kind, []).append(key)
    for name, keys in kinds.items():
        resource = registry[name]
        for document in resource.documents(keys).values():
            missing = [field for field in resource.fields.values() if field.required and _is_empty(field, document)]
            if missing:
                raise Incomplete(
                    ref=document["ref"],
                    fields=", ".join(str(_label(resource, field)) for field in missing),
                    keys=[key for field in missing for key in field.keys() if document[key] in EMPTY],
                )


EMPTY: tuple[object, ...] = (None, "", [])


def _is_empty(field: Field, document: dict[str, object]) -> bool:
    empty = [document[key] in EMPTY for key in field.keys()]
    return bool(empty) and (all(empty) if getattr(field, "either", False) else any(empty))


def _label(resource: type[Resource], field: Field) -> object:
    column: Any = resource.model._meta.get_field(field.source if len(field.keys()) == 1 else f"{field.source}_en")
    return column.verbose_name
