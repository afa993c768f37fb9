"""What a reader has used of what they may."""

from typing import Any

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from api import allowances, questions, schema
from api.schema import POSITION, TEXT, Components, Schema
from api.views.reading import MEDIA_TYPES, PublicView


class UsageView(PublicView):
    """Tells each reader their own use; asking costs nothing."""

    cost = 0
    parameters = questions.language_parameter()

    def get(self, request: Request) -> HttpResponse:
        """Tell what was used within the minute, what is left, and what answers cost."""
        questions.read(request, self.parameters)
        allowance = allowances.of(request._request)
        found = allowance.standing()
        body: dict[str, Any] = {
            "limited": settings.LIMITS,
            "key": allowance.key and allowance.key.prefix,
            "policy": allowance.budget.name,
            "quota": allowance.budget.quota,
            "window_seconds": allowance.budget.seconds,
            "used": allowance.budget.quota - found.remaining if found else None,
            "remaining": found.remaining if found else None,
            "resets_in_seconds": found.resets_in if found else None,
            "costs": {"answer": allowances.ORDINARY, "search": allowances.SEARCH, "file": allowances.FILE},
        }
        response = HttpResponse(orjson.dumps(body), content_type=MEDIA_TYPES["json"])
        response.headers["Cache-Control"] = "no-store"
        return response

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        number = {"type": ["integer", "null"], "minimum": 0}
        body = {
            "type": "object",
            "properties": {
                "limited": {"type": "boolean", "description": _("Whether limits are kept here.")},
                "key": {"type": ["string", "null"], "description": _("How the key begins that was sent.")},
                "policy": TEXT,
                "quota": POSITION | {"description": _("Units that may be had in a window.")},
                "window_seconds": POSITION,
                "used": number,
                "remaining": number,
                "resets_in_seconds": number,
                "costs": {"type": "object", "additionalProperties": POSITION},
            },
        }
        described = schema.operation(
            components,
            id="usage",
            tag="root",
            summary=_("Your own use"),
            description=_("What you have used of your limit within the minute. Asking costs nothing."),
            parameters=schema.shared_parameters(components, self.parameters, own=()),
            ok={"description": _("Your use."), "content": {MEDIA_TYPES["json"]: {"schema": body}}},
            problems=(400,),
        )
        del described["responses"]["304"]
        return described
