"""What is answered about public things: their documents, what is worked out, whose names, and where to read on."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings

from publishing import reading
from publishing.fields import Ref
from publishing.reading import Answer
from publishing.resource import Asked, Resource, registry
from tracking.models import TRACKED_RESOURCES

PAGE_LANGUAGES = {"page_en": "en", "page_zh": "zh-hans"}


def address(resource: str, ref: str) -> str:
    """Return where the API answers about a thing."""
    return f"{settings.BASE_URL}/api/v1/{resource}/{ref}/"


def places(resource: str, ref: str) -> dict[str, str]:
    """Return the addresses of a thing: in the API, and of a record the pages about it."""
    found = {"url": address(resource, ref)}
    if resource in TRACKED_RESOURCES:
        for key, language in PAGE_LANGUAGES.items():
            found[key] = f"{settings.BASE_URL}/{language}/records/{ref}/"
    return found


def place_keys(resource: type[Resource]) -> list[str]:
    return ["url", *PAGE_LANGUAGES] if resource.computed else ["url"]


def keys_of(resource: type[Resource]) -> list[str]:
    """Return the keys that an answer in a list can have, in the order in which it has them."""
    kinds = resource.kinds()
    gathered = ["ref", "resource"] if kinds != [resource] else []
    documents = [key for kind in kinds for declared in kind.fields.values() for key in declared.keys()]
    return list(dict.fromkeys([*gathered, *documents, *resource.computed, *place_keys(resource)]))


def detail_keys(resource: type[Resource]) -> list[str]:
    """Return the keys that the answer about one thing can have."""
    beside = [key for kind in resource.kinds() for key in kind.accompanied_by]
    return list(dict.fromkeys([*keys_of(resource), *beside, "ledger", "version", "as_of", "citation_url", "proof_url"]))


def in_order(kind: type[Resource], document: Mapping[str, Any]) -> Answer:
    """Return a document with its keys in the order of the declaration; PostgreSQL keeps them in one of its own.

    Keys that an earlier declaration had come last.
    """
    declared = [key for each in kind.fields.values() for key in each.keys()]
    first = {key: document[key] for key in declared if key in document}
    return first | {key: document[key] for key in sorted(document.keys() - first.keys())}


def plain_answers(resource: type[Resource], kinds: Mapping[int, str], asked: Asked) -> list[tuple[str, Answer]]:
    """Return the kinds and answers of things, links as bare refs, in the order of the keys of `kinds`.

    A constant number of queries. What did not stand at the version is left out.
    """
    standing = reading.documents(kinds.keys(), version=asked.version)
    computed = resource.compute(standing, asked)
    gathers = resource.kinds() != [resource]
    found = []
    for key, name in kinds.items():
        if key in standing:
            answer = in_order(registry[name], standing[key])
            if gathers:
                answer = {"ref": answer["ref"], "resource": name} | answer
            found.append((name, answer | computed[key] | places(name, answer["ref"])))
    return found


def with_names(found: Iterable[tuple[str, Answer]], asked: Asked) -> list[Answer]:
    """Return answers with each single link as {ref, resource, names}. Two queries at most.

    A link to what is not public keeps its ref alone.
    """
    found = list(found)
    links = [(answer, key) for name, answer in found for key in single_links(registry[name])]
    refs = {answer[key] for answer, key in links if isinstance(answer.get(key), str)}
    labels = reading.labels(refs, version=asked.version) if refs else {}
    for answer, key in links:
        if isinstance(answer.get(key), str):
            answer[key] = labels.get(answer[key], {"ref": answer[key]})
    return [answer for _name, answer in found]


def single_links(kind: type[Resource]) -> list[str]:
    return [declared.name for declared in kind.fields.values() if isinstance(declared, Ref)]


def chosen(answer: Answer, fields: Collection[str] | None) -> Answer:
    """Return the part of an answer that was asked for."""
    return answer if fields is None else {key: value for key, value in answer.items() if key in fields}


def listed(
    resource: type[Resource], kinds: Mapping[int, str], asked: Asked, *, fields: Sequence[str] | None
) -> list[Answer]:
    """Return the answers of a page, in the order of the keys of `kinds`. A constant number of queries."""
    return [chosen(answer, fields) for answer in with_names(plain_answers(resource, kinds, asked), asked)]


def about(resource: type[Resource], key: int, asked: Asked, *, fields: Sequence[str] | None) -> Answer | None:
    """Return all that is known of one thing; None when it was not public at the version.

    `resource` is its own kind. A constant number of queries; what stands beside it costs none when it is not asked for.
    """
    found = plain_answers(resource, {key: resource.name}, asked)
    if not found:
        return None
    answer = found[0][1]
    if fields is None or set(fields) & resource.accompanied_by.keys():
        beside = resource.beside(key, answer, asked)
        for name, (kind, many, _also) in resource.accompanied_by.items():
            things = beside[name] if many else [thing for thing in [beside[name]] if thing is not None]
            placed = [in_order(registry[kind], thing) | places(kind, thing["ref"]) for thing in things]
            answer[name] = placed if many else next(iter(placed), None)
            found += [(kind, thing) for thing in placed]
    with_names(found, asked)
    answer["ledger"] = reading.positions([key], version=asked.version)[key]
    return answer
