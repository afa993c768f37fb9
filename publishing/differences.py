"""What would change for the public if things were published as their rows are now."""

from collections.abc import Sequence
from typing import Any, TypedDict

from publishing.actions import by_resource
from publishing.models import Document


class Difference(TypedDict):
    """One field of one document; `before` is None for all fields of a thing that is not public yet."""

    ref: str
    resource: str
    field: str
    before: Any
    after: Any


def public_differences(*, things: Sequence[int]) -> list[Difference]:
    """Return the fields in which the documents of these things would differ, in the order of the declarations.

    Derived columns of their rows are brought up to date first. Some queries for each kind among them.
    """
    found: list[Difference] = []
    for resource, ids in by_resource(things):
        resource.settle(ids)
        stood = dict(Document.objects.current().filter(thing__among=ids).values_list("thing_id", "body"))
        for key, document in resource.documents(ids).items():
            before = stood.get(key)
            found += [
                Difference(
                    ref=document["ref"],
                    resource=resource.name,
                    field=name,
                    before=before and before.get(name),
                    after=value,
                )
                for name, value in document.items()
                if before is None or before.get(name) != value
            ]
    return found
