"""The OpenAPI description, made from the same declarations as the answers (OpenAPI 3.1, JSON Schema 2020-12)."""

from collections.abc import Callable, Iterable, Mapping
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext as _
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from api import answers, problems, values
from api.filters import QuestionFilter, column_of
from api.questions import Fields
from commitments.models import Bound
from commitments.resources import BoundActors
from mechanisms.resources import TakenUpBy
from publishing.dates import PartialDateField
from publishing.fields import Choice, Day, Derived, Field, Flag, PartialDay, Ref, Refs, Translated
from publishing.models import REF_PATTERN
from publishing.resource import Computed, Resource, registry
from tracking.models import DueKind
from tracking.resources import Due

if TYPE_CHECKING:
    pass

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
REF: Schema = {"type": "string", "pattern": f"^{REF_PATTERN}$"}
REFS: Schema = {"type": "array", "items": REF}
ADDRESS: Schema = {"type": "string", "format": "uri"}
MAYBE_ADDRESS: Schema = {"type": ["string", "null"], "format": "uri"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
POSITION: Schema = {"type": "integer", "minimum": 0}
HASH: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
STATED_DAY: Schema = {"type": ["string", "null"], "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"}
DAY: Schema = {"type": ["string", "null"], "format": "date"}
LEDGER: Schema = {
    "type": "object",
    "properties": {"seq": POSITION, "recorded_at": MOMENT, "hash": HASH, "document_hash": HASH},
}


@singledispatch
def schema_of(declared: Field, model: type[models.Model]) -> Schema:
    """Return the JSON Schema of a field's value in an answer."""
    return TEXT


@schema_of.register
def _choice(declared: Choice, model: type[models.Model]) -> Schema:
    return {"type": "string", "enum": [*declared.choices.values, *([] if declared.required else [""])]}


@schema_of.register
def _flag(declared: Flag, model: type[models.Model]) -> Schema:
    return {"type": "boolean"}


@schema_of.register
def _partial_day(declared: PartialDay, model: type[models.Model]) -> Schema:
    return STATED_DAY


@schema_of.register
def _day(declared: Day, model: type[models.Model]) -> Schema:
    return DAY


@schema_of.register
def _derived(declared: Derived, model: type[models.Model]) -> Schema:
    match column_of(model, declared.source):
        case models.DateTimeField():
            return {"type": ["string", "null"], "format": "date-time"}
        case models.DateField():
            return DAY
        case PartialDateField():
            return STATED_DAY
    if "__" in declared.source:  # what it links to may be missing
        return {"type": ["string", "null"]}
    return {"type": "string", "enum": list(declared.words)} if declared.words else TEXT


@schema_of.register
def _ref(declared: Ref, model: type[models.Model]) -> Schema:
    link = {"$ref": "#/components/schemas/Link"}
    return link if declared.required else {"anyOf": [link, {"type": "null"}]}


@schema_of.register
def _refs(declared: Refs, model: type[models.Model]) -> Schema:
    return REFS


@schema_of.register
def _computed(declared: Computed, model: type[models.Model]) -> Schema:
    if declared.choices:
        return {"type": "string", "enum": [word for word, _label in declared.choices]}
    kinds = {"date": DAY, "object": LEDGER, "string": {"type": ["string", "null"]}}
    return kinds.get(declared.type, {"type": declared.type})


@schema_of.register
def _due(declared: Due, model: type[models.Model]) -> Schema:
    parts = {"kind": {"type": "string", "enum": DueKind.values}, "date": STATED_DAY, "until": STATED_DAY}
    return {"type": "object", "properties": {part: parts.get(part, TEXT) for part in declared.PARTS}}


@schema_of.register
def _bound(declared: BoundActors, model: type[models.Model]) -> Schema:
    words = [word for word in Bound.values if word != Bound.NAMED]
    return {"anyOf": [{"type": "string", "enum": words}, REFS]}


@schema_of.register
def _taken_up(declared: TakenUpBy, model: type[models.Model]) -> Schema:
    parts = {"ref": REF, "sources": REFS}
    return {
        "type": "array",
        "items": {"type": "object", "properties": {key: parts.get(key, TEXT) for key in declared.KEYS}},
    }


def properties_of(resource: type[Resource]) -> dict[str, Schema]:
    """Return the schemas of what an answer in a list has, by key, each with what it means."""
    described: dict[str, Schema] = {}
    for kind in resource.kinds():
        for declared in {**kind.fields, **kind.computed}.values():
            for key in declared.keys():
                schema = schema_of(declared, kind.model) | {"description": meaning(declared, key)}
                described.setdefault(key, schema)
    if resource.kinds() != [resource]:
        described["resource"] = {"type": "string", "enum": [kind.name for kind in resource.kinds()]}
    places = {
        "url": _("Where the API answers about it."),
        "page_en": _("The page about it in English."),
        "page_zh": _("The page about it in Chinese."),
    }
    described |= {key: ADDRESS | {"description": text} for key, text in places.items()}
    return {key: described[key] for key in answers.keys_of(resource)}


def meaning(declared: Field, key: str) -> str:
    """Return what a key of a document means, in the reader's language."""
    if not isinstance(declared, Translated):
        return str(declared.help)
    language = _("In English.") if key.endswith("_en") else _("In Chinese.")
    return f"{declared.help} {language}"


def columns_of(resource: type[Resource]) -> dict[str, list[str]]:
    """Return the columns of a table, by the key of an answer that they come from."""
    return {
        key: [f"{key}_{part}" for part in schema["properties"]] if "properties" in schema else [key]
        for key, schema in properties_of(resource).items()
    }


class PublicSchema(AutoSchema):
    """Asks each view for its own description."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Schema | None:
        describe: Callable[[Components], Schema] | None = getattr(self.view, "describe", None)
        return describe(Components(registry)) if describe else None


class Components:
    """The parts of the description that several operations share."""

    def __init__(self, registered: ComponentRegistry):
        self.registered = registered

    def schema(self, name: str, make: Callable[[], Schema]) -> Schema:
        """Return the reference to a named schema, making it the first time."""
        return self._ref(name, ResolvedComponent.SCHEMA, make)

    def parameter(self, name: str, value: values.Value) -> Schema:
        return self._ref(name, ResolvedComponent.PARAMETER, lambda: parameter(name, value, str(value.help_text)))

    def problem(self, status: int) -> Schema:
        """Return the answer of a problem with its status."""

        def make() -> Schema:
            media = {problems.MEDIA_TYPE: {"schema": self.schema("Problem", problem_schema)}}
            wait = {"description": _("In how many seconds to ask again."), "schema": POSITION}
            described = {"description": str(problems.TITLES[status]), "content": media}
            return described | ({"headers": {"Retry-After": wait}} if status == 429 else {})

        return self._ref(f"Problem{status}", ResolvedComponent.RESPONSE, make)

    def leading_on(self) -> Schema:
        """Return the answer about something that was merged."""

        def make() -> Schema:
            location = {"schema": ADDRESS, "description": _("The address of the one that it was merged into.")}
            return {"description": _("It was merged into another one."), "headers": {"Location": location}}

        return self._ref("LeadingOn", ResolvedComponent.RESPONSE, make)

    def link(self) -> Schema:
        return self.schema("Link", link_schema)

    def result(self, resource: type[Resource]) -> Schema:
        """Return the schema of one result in a list."""
        self.link()
        return self.schema(
            resource.model.__name__,
            lambda: {
                "type": "object",
                "description": str(resource.help),
                "properties": properties_of(resource),
            },
        )

    def detail(self, resource: type[Resource]) -> Schema:
        """Return the schema of all that is known of one thing."""

        def make() -> Schema:
            beside: dict[str, Schema] = {}
            for kind in resource.kinds():
                for key, (name, many, also) in kind.accompanied_by.items():
                    one = self.result(registry[name])
                    if also:
                        added = {
                            inner: schema_of(field, kind.model) | {"description": str(field.help)}
                            for inner, field in also.items()
                        }
                        one = {"allOf": [one, {"type": "object", "properties": added}]}
                    beside[key] = {"type": "array", "items": one} if many else {"anyOf": [one, {"type": "null"}]}
            about = {
                "ledger": LEDGER | {"description": _("The position of the ledger that it rests on.")},
                "version": POSITION | {"description": _("Data version that is answered from.")},
                "as_of": {"type": "string", "format": "date", "description": _("Day whose truth is told.")},
                "citation_url": ADDRESS | {"description": _("What answers the same for ever.")},
                "proof_url": ADDRESS | {"description": _("Everything that it takes to check it.")},
            }
            return {"type": "object", "properties": properties_of(resource) | beside | about}

        self.result(resource)
        return self.schema(f"{resource.model.__name__}Detail", make)

    def _ref(self, name: str, type: str, make: Callable[[], Schema]) -> Schema:
        component = ResolvedComponent(name, type, object=name)
        if component not in self.registered:
            self.registered.register(component)
            component.schema = make()
        return component.ref


def problem_schema() -> Schema:
    wrong = {"type": "object", "properties": {"parameter": TEXT, "detail": TEXT}, "required": ["parameter", "detail"]}
    return {
        "type": "object",
        "description": _("What is wrong with a request (RFC 9457)."),
        "properties": {
            "type": ADDRESS,
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "instance": TEXT,
            "code": TEXT | {"description": _("For programs: it stays the same in every language.")},
            "errors": {"type": "array", "items": wrong},
            "note_en": TEXT | {"description": _("Why something was unpublished.") + " " + _("In English.")},
            "note_zh": TEXT | {"description": _("Why something was unpublished.") + " " + _("In Chinese.")},
            "url": ADDRESS | {"description": _("Where something else is that may have been meant.")},
            "violated-policies": {"type": "array", "items": TEXT, "description": _("The limits that were reached.")},
        },
        "required": ["type", "title", "status", "detail", "instance", "code"],
    }


def link_schema() -> Schema:
    words = [f"{word}_{language}" for word in sorted({each.label for each in registry}) for language in ("en", "zh")]
    return {
        "type": "object",
        "description": _("Something public: its ref, and how it is named in both languages."),
        "properties": {
            "ref": REF,
            "resource": {"type": "string", "enum": sorted(registry.names())},
            "title": TEXT,
            **{word: TEXT for word in words},
        },
        "required": ["ref"],
    }


def parameter(name: str, value: values.Value, description: str, *, where: str = "query") -> Schema:
    """Return the description of one parameter."""
    schema = value.schema()
    described: Schema = {"name": name, "in": where, "description": description, "schema": schema}
    if where == "path":
        described["required"] = True
    elif schema["type"] == "array":
        described |= {"style": "form", "explode": False}
    return described


def filter_parameters(filters: Mapping[str, QuestionFilter]) -> list[Schema]:
    """Return the descriptions of a list's filters."""
    ways = {
        "not": _("Only what is not so."),
        "in": _("Any of these, separated by commas."),
        "gte": _("From then on."),
        "lte": _("Up to then."),
        "isnull": _("true: only where nothing stands; false: only where something does."),
    }
    return [
        parameter(name, each.value, " ".join(filter(None, [str(each.value.help_text), ways.get(each.lookup_expr, "")])))
        for name, each in filters.items()
    ]


def answer(description: str, content: Mapping[str, Schema]) -> Schema:
    """Return the description of an answer that a cache may keep."""
    return {
        "description": description,
        "headers": {
            "ETag": {"description": _("Send it back as If-None-Match: what has not changed is 304."), "schema": TEXT},
            "Data-Version": {"description": _("Data version that is answered from."), "schema": POSITION},
        },
        "content": {media_type: {"schema": schema} for media_type, schema in content.items()},
    }


def operation(
    components: Components,
    *,
    id: str,
    tag: str,
    summary: str,
    description: str,
    parameters: Iterable[Schema],
    ok: Schema,
    problems: Iterable[int],
    leads_on: bool = False,
) -> Schema:
    """Return the description of one GET; `leads_on` when what it asks for may have been merged."""
    return {
        "operationId": id,
        "tags": [tag],
        "summary": summary,
        "description": description,
        "parameters": list(parameters),
        "responses": {
            "200": ok,
            "304": {"description": _("Nothing has changed since the answer with the ETag that was sent.")},
            **({"301": components.leading_on()} if leads_on else {}),
            **{str(status): components.problem(status) for status in sorted({*problems, 401, 429})},
        },
    }


def shared_parameters(components: Components, fields: Fields, *, own: Iterable[str]) -> list[Schema]:
    """Return the descriptions of parameters: those named in `own` differ from list to list, the others are shared."""
    return [
        parameter(name, value, str(value.help_text)) if name in own else components.parameter(name, value)
        for name, value in fields.items()
    ]


def facets_schema(names: Iterable[str]) -> Schema:
    """Return the schema of facets."""
    counts = {"type": "object", "additionalProperties": POSITION}
    share = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
    rate = {"type": "object", "properties": {"count": POSITION, "of_assessed": share, "of_all": share}}
    properties = {
        "version": POSITION,
        "as_of": {"type": "string", "format": "date"},
        "total": POSITION,
        "assessed": POSITION,
        "not_assessed": POSITION,
        "not_assessed_share": share,
        **{name: counts for name in names},
        "rates": {"type": "object", "additionalProperties": rate},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def list_envelope(result: Schema, also: Mapping[str, Schema]) -> Schema:
    """Return the schema of a page."""
    return {
        "type": "object",
        "properties": {
            "next": MAYBE_ADDRESS,
            "previous": MAYBE_ADDRESS,
            "count": POSITION | {"description": _("How many there are; only with `count=true`.")},
            "version": POSITION,
            **also,
            "results": {"type": "array", "items": result},
        },
        "required": ["next", "previous", "version", *also, "results"],
    }
