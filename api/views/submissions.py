"""Sending something in, and asking what became of it."""

from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from rest_framework.request import Request

from api import questions, schema
from api.answers import PAGE_LANGUAGES, address
from api.problems import Problem, Refused, Wrong
from api.schema import ADDRESS, MAYBE_ADDRESS, MOMENT, REF, TEXT, Components, Schema
from api.views.reading import MEDIA_TYPES, PublicView
from publishing import ledger, reading
from publishing.fields import nearest
from submissions.actions import send_in
from submissions.fates import State, fate_of
from submissions.forms import LONGEST_TEXT, LONGEST_URL, SHORTEST_TEXT, SendForm
from submissions.models import Submission, SubmissionKind
from throttling.budgets import may_send
from tracking.models import TRACKED_RESOURCES, Record

LARGEST_BODY = 32_768


class SendView(PublicView):
    """Where readers send evidence and corrections."""

    http_method_names = ["post", "options"]
    parameters = questions.language_parameter()

    def post(self, request: Request) -> HttpResponse:
        """Take something in: 201 with the receipt, 200 with the same receipt when it was sent before."""
        questions.read(request, self.parameters)
        form = SendForm(_body(request._request))
        if not form.is_valid():
            raise Refused(
                [Wrong(name, str(error)) for name, errors in form.errors.items() for error in errors],
                code="senseless_submission",
            )
        thing = reading.find(form.cleaned_data["record"], resources=TRACKED_RESOURCES, version=ledger.head().seq)
        if not may_send(request._request):
            detail = _("Too much was sent from your network within an hour. Try again later.")
            raise Problem(
                429, "too_much", detail, members={"violated-policies": ["sending"]}, headers={"Retry-After": "3600"}
            )
        told = {name: form.cleaned_data[name] for name in ("kind", "text", "url", "email")}
        submission, is_new = send_in(
            record=Record.objects.get(pk=thing.pk),
            language=translation.get_language() or "en",
            now=timezone.now(),
            **told,
        )
        response = _answer(submission, status=201 if is_new else 200)
        response.headers["Location"] = _url(submission)
        return response

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        texts = {
            "record": REF | {"description": _("What it is about: the ref of a record.")},
            "kind": {"type": "string", "enum": SubmissionKind.values},
            "text": TEXT | {"minLength": SHORTEST_TEXT, "maxLength": LONGEST_TEXT},
            "url": TEXT | {"maxLength": LONGEST_URL, "description": _("Where it can be read. Evidence needs one.")},
            "email": TEXT | {"description": _("Where a receipt is sent to, if you want one by mail.")},
        }
        body = {
            "type": "object",
            "properties": texts,
            "required": ["record", "kind", "text"],
            "additionalProperties": False,
            "example": {
                "record": "mechanism.ai-safety-summits",
                "kind": "evidence",
                "text": "The host published the outcome of the summit.",
                "url": "https://example.org/outcome",
            },
        }
        described = schema.operation(
            components,
            id="send_in",
            tag="submissions",
            summary=_("Send evidence or a correction"),
            description=_(
                "What you send is read by the editors and not published. It changes no status by itself. Sent twice, it"
                " is one, and has one receipt."
            ),
            parameters=schema.shared_parameters(components, self.parameters, own=()),
            ok=_receipt(components, _("It was sent before; this is its receipt.")),
            problems=(400, 404, 410, 413, 415),
            leads_on=True,
        )
        described["requestBody"] = {"required": True, "content": {MEDIA_TYPES["json"]: {"schema": body}}}
        described["responses"] = {"201": _receipt(components, _("It was received.")), **described["responses"]}
        del described["responses"]["304"]
        return described


class ReceiptView(PublicView):
    """What became of something that was sent in; whoever has its receipt may ask."""

    parameters = questions.language_parameter()

    def get(self, request: Request, receipt: UUID) -> HttpResponse:
        """Tell how things stand."""
        questions.read(request, self.parameters)
        submission = Submission.objects.select_related("finding__record").filter(receipt=receipt).first()
        if submission is None:
            raise Problem(404, "nothing_there", _("There is nothing at this address."))
        return _answer(submission, status=200)

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        key = {"type": "string", "format": "uuid"}
        receipt = {"name": "receipt", "in": "path", "required": True, "schema": key, "description": _("The receipt.")}
        described = schema.operation(
            components,
            id="get_submission",
            tag="submissions",
            summary=_("What became of something sent in"),
            description=_("How things stand with what you sent, and the answer of the editors."),
            parameters=[receipt, *schema.shared_parameters(components, self.parameters, own=())],
            ok=_receipt(components, _("How things stand.")),
            problems=(400, 404),
        )
        del described["responses"]["304"]
        return described


def _body(request: HttpRequest) -> dict[str, str]:
    """Return the fields of a body. Raises Problem for one that is no object of texts, or too large, or no JSON."""
    if request.content_type != MEDIA_TYPES["json"]:
        raise Problem(415, "unsupported_media_type", _("Send it as application/json."))
    if len(request.body) > LARGEST_BODY:
        raise Problem(413, "too_large", _("It must not be larger than %(bytes)d bytes.") % {"bytes": LARGEST_BODY})
    try:
        given = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Problem(400, "bad_request", _("The body must be a JSON object."))
    wrong = []
    for name, value in given.items():
        if name not in SendForm.base_fields:
            near = nearest(name, SendForm.base_fields)
            unknown = _("There is no such field; did you mean “%(likely)s”?") if near else _("There is no such field.")
            wrong.append(Wrong(name, unknown % {"likely": near} if near else unknown))
        elif not isinstance(value, str):
            wrong.append(Wrong(name, _("This must be a text.")))
    if wrong:
        raise Refused(wrong[:20], code="senseless_submission")
    return given


def _url(submission: Submission) -> str:
    return f"{settings.BASE_URL}/api/v1/submissions/{submission.receipt}/"


def _answer(submission: Submission, *, status: int) -> HttpResponse:
    finding, fate = submission.finding, fate_of(submission)
    body: dict[str, Any] = {
        "receipt": str(submission.receipt),
        "url": _url(submission),
        **{
            key: f"{settings.BASE_URL}/{language}/submissions/{submission.receipt}/"
            for key, language in PAGE_LANGUAGES.items()
        },
        "record": finding.subject.ref,
        "kind": finding.seen["sent_in"],
        "received_at": submission.received_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "state": fate.state,
        "state_label": fate.sentence,
        "answer": fate.answer,
        "change": address("status-changes", fate.change) if fate.change else None,
    }
    response = HttpResponse(orjson.dumps(body), content_type=MEDIA_TYPES["json"], status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _receipt(components: Components, description: str) -> Schema:
    """Return the description of an answer with a receipt."""

    def make() -> Schema:
        properties = {
            "receipt": {"type": "string", "format": "uuid"},
            "url": ADDRESS | {"description": _("Where the API tells what becomes of it.")},
            "page_en": ADDRESS,
            "page_zh": ADDRESS,
            "record": REF,
            "kind": {"type": "string", "enum": SubmissionKind.values},
            "received_at": MOMENT,
            "state": {"type": "string", "enum": list(State)},
            "state_label": TEXT,
            "answer": TEXT | {"description": _("What the editors answered.")},
            "change": MAYBE_ADDRESS | {"description": _("The status change that came of it.")},
        }
        return {"type": "object", "properties": properties}

    content = {MEDIA_TYPES["json"]: {"schema": components.schema("Receipt", make)}}
    return {"description": description, "content": content}
