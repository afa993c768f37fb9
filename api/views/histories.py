"""The history of one thing, for every resource."""

from collections.abc import Callable
from http import HTTPStatus

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request

from api import schema, values
from api.histories import HistoryList
from api.schema import Components, Schema
from api.views.lists import ListView
from api.views.things import elsewhere
from publishing.reading import NothingThere
from publishing.resource import Resource


class HistoryView(ListView):
    """Every position of the ledger that touched one thing."""

    listed: HistoryList

    @classmethod
    def of_resource(cls, resource: type[Resource]) -> Callable[..., HttpResponseBase]:
        """Return the view of the histories of one resource."""
        return cls.of(HistoryList(resource))

    def get(self, request: Request, ref: str = "") -> HttpResponseBase:
        self.listed = HistoryList(self.listed.resource, ref)
        try:
            return super().get(request)
        except NothingThere as nothing:
            raise elsewhere(ref, [kind.name for kind in self.listed.resource.kinds()], nothing) from nothing

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        described = super().describe(components)
        name = self.listed.resource.name
        path = schema.parameter("ref", values.RefValue([name]), _("Its permanent id."), where="path")
        more = {str(status): components.problem(status) for status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)}
        return described | {
            "operationId": f"history_{name}",
            "tags": [name],
            "summary": _("History of one of: %(what)s") % {"what": self.listed.title},
            "parameters": [path, *described["parameters"]],
            "responses": described["responses"] | {"301": components.leading_on()} | more,
        }
