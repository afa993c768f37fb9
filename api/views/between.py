"""The list of changes: acts, or what changed between two points when it is asked so."""

from typing import Any

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request

from api import schema
from api.acts import ChangeList
from api.between import POINTS, BetweenList
from api.lists import List
from api.problems import Refused, Wrong
from api.schema import Components, Schema
from api.views.lists import ListView


class ChangesView(ListView):
    """What was published in one go, act by act; with `from`, what changed since, thing by thing."""

    listed: List = ChangeList()

    def get(self, request: Request) -> HttpResponseBase:
        given = request._request.GET.keys()
        self.listed = BetweenList() if "from" in given else ChangeList()
        self.parameters = self.listed.all_parameters()
        needing = [name for name in given if name in BetweenList().all_parameters() and name not in self.parameters]
        if needing:
            detail = _("This compares two points; say from where: from=2026-06-01, say.")
            raise Refused([Wrong(name, detail) for name in needing])
        return super().get(request)

    def describe(self, components: Components) -> Schema:
        """Return the description of both answers; each parameter says to which one it belongs."""
        described = super().describe(components)
        acts, between = ChangeList(), BetweenList()
        names = {parameter.get("name") for parameter in described["parameters"]}
        shared = acts.parameters().keys()
        own = {name: value for name, value in between.parameters().items() if name not in shared}
        described["parameters"] += [
            *schema.shared_parameters(components, own, own=POINTS),
            *schema.filter_parameters({name: each for name, each in between.filters().items() if name not in names}),
        ]
        described["description"] = _(
            "One row for each act: what was published in one go, and its positions in the ledger. With `from`, and `to`"
            " or up to now, one result for each thing instead: what was added, changed field by field, or taken out in"
            " between, and how its status moved; all filters of records choose among them, at either of the two points."
        )
        content: dict[str, Any] = described["responses"]["200"]["content"]
        page = schema.list_envelope(between.describe_result(components), between.describe_envelope())
        content["application/json"]["schema"] = {"anyOf": [content["application/json"]["schema"], page]}
        for parameter in described["parameters"]:
            if parameter.get("name") in ("ordering", "fields"):
                words = {**acts.all_parameters(), **between.all_parameters()}[parameter["name"]]
                parameter["schema"] = {"type": "array", "items": {"type": "string"}}
                parameter["description"] = str(words.help_text)
        return described
