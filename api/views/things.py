"""What is asked about one thing, for every resource: the thing is found, or the reader is told where it is."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request

from api import answers, questions, schema, values
from api.problems import Problem
from api.questions import Fields, Question
from api.schema import Components, Schema
from api.views.reading import MEDIA_TYPES, AnswerView, as_json
from publishing import reading
from publishing.models import PublicationState, Publishable
from publishing.reading import NothingThere
from publishing.resource import Resource, registry


class ThingView(AnswerView):
    """An address below the ref of one thing."""

    resource: type[Resource]

    @classmethod
    def of(cls, resource: type[Resource]) -> Callable[..., HttpResponseBase]:
        """Return the view of one resource."""
        own: type[ThingView] = type(
            f"{cls.__name__}_{resource.name}",
            (cls,),
            {"resource": resource, "parameters": cls.parameters_of(resource)},
        )
        return own.as_view()

    @classmethod
    def parameters_of(cls, resource: type[Resource]) -> Fields:
        """Return what can be asked for."""
        return cls.parameters

    def find(self, ref: str, question: Question) -> Publishable:
        """Return the thing of a ref. Raises Problem (404), and Merged and Unpublished for what is there no more."""
        kinds = [kind.name for kind in self.resource.kinds()]
        try:
            return reading.find(ref, resources=kinds, version=question.asked.version)
        except NothingThere as nothing:
            raise elsewhere(ref, kinds, nothing) from nothing


class DetailView(ThingView):
    """What is known of one thing, with what stands beside it."""

    @classmethod
    def parameters_of(cls, resource: type[Resource]) -> Fields:
        return {
            **questions.fields_parameter(answers.detail_keys(resource)),
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

    def _body(self, ref: str, question: Question) -> dict[str, Any]:
        thing = self.find(ref, question)
        answer = answers.about(registry[thing.resource], thing.pk, question.asked, fields=question.fields)
        if answer is None:
            raise not_public_then(ref, question)
        cited = point_of(question)
        answer |= {
            "version": question.asked.version,
            "as_of": question.asked.as_of.isoformat(),
            "citation_url": f"{answer['url']}?{urlencode(cited)}",
            "proof_url": f"{answer['url']}proof/?{urlencode(cited)}",
        }
        return answers.chosen(answer, question.fields)

    def describe(self, components: Components) -> Schema:
        """Return the description of this address."""
        name = self.resource.name
        ref = values.RefValue([name])
        return schema.operation(
            components,
            id=f"get_{name}",
            tag=name,
            summary=_("One of: %(what)s") % {"what": self.resource.model._meta.verbose_name_plural},
            description=_("All that is known of one, with what stands beside it, in one answer."),
            parameters=[
                schema.parameter("ref", ref, _("Its permanent id."), where="path"),
                *schema.shared_parameters(components, self.parameters, own=("fields", "format")),
            ],
            ok=schema.answer(_("All that is known of one."), {MEDIA_TYPES["json"]: components.detail(self.resource)}),
            problems=(400, 404, 406, 410),
            leads_on=True,
        )


def elsewhere(ref: str, kinds: list[str], nothing: NothingThere) -> Problem:
    """Return the problem of a ref that is not in a collection: it says where it is, or which one is most like it."""
    other = Publishable.objects.filter(ref=ref, state=PublicationState.PUBLISHED).values_list("resource", flat=True)
    if resource := other.first():
        url = answers.address(resource, ref)
        detail = _("“%(ref)s” is among the %(resource)s: %(url)s") % {"ref": ref, "resource": resource, "url": url}
        return Problem(404, "is_elsewhere", detail, members={"url": url})
    if near := questions.nearest_ref(ref, kinds):
        detail = _("There is no “%(ref)s” here; did you mean “%(likely)s”?") % {"ref": ref, "likely": near}
        return Problem(404, nothing.code, detail, members={"url": answers.address(_kind_of(near), near)})
    return Problem(404, nothing.code, str(nothing))


def _kind_of(ref: str) -> str:
    return Publishable.objects.values_list("resource", flat=True).get(ref=ref)


def not_public_then(ref: str, question: Question) -> Problem:
    """Return the problem of a thing that is public, and was not at the version that is asked for."""
    detail = _("“%(ref)s” was not public at the data version %(version)d.")
    return Problem(404, NothingThere.code, detail % {"ref": ref, "version": question.asked.named})


def point_of(question: Question) -> dict[str, str]:
    """Return the parameters that ask for the same version on the same day."""
    return {"version": str(question.asked.version), "as_of": question.asked.as_of.isoformat()}
