"""What it takes to check one thing alone, for every resource."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from api import answers, questions, schema, values
from api.acts import ENTRY, HEAD
from api.questions import Fields, Question
from api.schema import ADDRESS, HASH, POSITION, REF, TEXT, Components, Schema
from api.views.reading import MEDIA_TYPES, as_json
from api.views.things import ThingView, not_public_then
from publishing.models import SignedHead
from tracking import proving
from tracking.proving import Proof
from tracking.statuses import STATUSES

VERIFIER = "/api/verify_ledger.py"


class ProofView(ThingView):
    """From the claim down to the day's signed head, with everything that is hashed."""

    parameters: Fields = {
        **questions.format_parameter(["json"]),
        **questions.language_parameter(),
        **questions.pinning_parameters(),
    }

    def get(self, request: Request, ref: str) -> HttpResponseBase:
        given, understood = questions.read(request, self.parameters)
        self.check_accepted(request, "json")
        return self.answered(
            request, lambda question, _etag: as_json(self._body(ref, question)), given=given, understood=understood
        )

    def depends_on(self) -> Sequence[object]:
        return (SignedHead.objects.order_by("-day").values_list("day", flat=True).first(),)

    def _body(self, ref: str, question: Question) -> dict[str, Any]:
        thing = self.find(ref, question)
        found = proving.proof(thing, question.asked)
        if found is None:
            raise not_public_then(ref, question)
        return {
            "ref": ref,
            "resource": thing.resource,
            "url": answers.address(thing.resource, ref),
            "version": question.asked.version,
            "as_of": question.asked.as_of.isoformat(),
            "claim": found.claim,
            "rows": [row | {"chain_url": chain_of(row, found)} for row in found.rows],
            "signed_heads": found.signed_heads,
            "head": found.head,
            "hashed_fields": list(proving.HASHED),
            "verifier_url": questions.absolute(VERIFIER),
            "check": lines(ref),
            "explained_url": questions.absolute(f"/{translation.get_language()}/verify/"),
        }

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        name = self.resource.name
        return schema.operation(
            components,
            id=f"prove_{name}",
            tag=name,
            summary=_("Proof of one of: %(what)s") % {"what": self.resource.model._meta.verbose_name_plural},
            description=_(
                "Everything that it takes to check one alone: what is claimed, the positions of the ledger that the"
                " claim rests on with their documents and salts, from the thing itself over its status and evidence"
                " (with the hashes of the snapshots) to the sources, and the signed head that each position is under."
            ),
            parameters=[
                schema.parameter("ref", values.RefValue([name]), _("Its permanent id."), where="path"),
                *schema.shared_parameters(components, self.parameters, own=("format",)),
            ],
            ok=schema.answer(
                _("Everything that it takes to check it."),
                {MEDIA_TYPES["json"]: components.schema("Proof", proof_schema)},
            ),
            problems=(400, 404, 406, 410),
            leads_on=True,
        )


@require_safe
def verifier(request: HttpRequest) -> FileResponse:
    """Send the program that checks the ledger with nothing of ours."""
    program = open(settings.BASE_DIR / "docs" / "verify_ledger.py", "rb")  # the response closes it
    return FileResponse(program, content_type="text/x-python; charset=utf-8", filename="verify_ledger.py")


def chain_of(row: dict[str, Any], found: Proof) -> str:
    """Return where the positions are listed from one row to the head that it is under, without their documents."""
    signed = {head["day"]: head["seq"] for head in found.signed_heads}
    until = signed.get(row["signed_head"], max(found.head["seq"], row["seq"]))
    asked = {"seq__gte": row["seq"], "seq__lte": until, "page_size": questions.LARGEST_PAGE}
    return questions.absolute(f"/api/v1/ledger/?{urlencode(asked)}")


def lines(ref: str) -> list[str]:
    """Return the lines of a shell that check one thing."""
    return [
        f"curl -sO {questions.absolute(VERIFIER)}",
        f"python3 verify_ledger.py {questions.absolute('/api/v1/ledger/')} --ref {ref}",
    ]


def proof_schema() -> Schema:
    texts = {"type": "array", "items": TEXT}
    claim = {
        "type": ["object", "null"],
        "properties": {
            "status": {"type": "string", "enum": list(STATUSES)},
            "status_since": schema.DAY,
            "change": {"type": ["string", "null"]},
        },
    }
    row = {
        "role": {"type": "string", "enum": ["thing", *proving.ROLES, "response", "redaction"]},
        **ENTRY,
        "redacted_hash": {"type": ["string", "null"], "description": _("What a document gives since texts went.")},
        "signed_head": schema.DAY | {"description": _("Day of the first signed head that it is under.")},
        "chain_url": ADDRESS,
    }
    properties = {
        "ref": REF,
        "resource": TEXT,
        "url": ADDRESS,
        "version": POSITION,
        "as_of": {"type": "string", "format": "date"},
        "claim": claim,
        "rows": {"type": "array", "items": {"type": "object", "properties": row}},
        "signed_heads": {"type": "array", "items": {"type": "object", "properties": HEAD}},
        "head": {"type": "object", "properties": {"seq": POSITION, "hash": HASH}},
        "hashed_fields": texts,
        "verifier_url": ADDRESS,
        "check": texts,
        "explained_url": ADDRESS,
    }
    return {"type": "object", "properties": properties, "required": list(properties)}
