"""The addresses of the API: two for each resource, and those of the ledger, all made from the declarations."""

from django.urls import path, re_path
from django.views.generic import RedirectView

from api.acts import ChangeList, EntryList, HeadList
from api.lists import List, ResourceList
from api.views.between import ChangesView
from api.views.citing import ListCitationView, ThingCitationView
from api.views.histories import HistoryView
from api.views.lists import FacetsView, ListView
from api.views.proving import ProofView, verifier
from api.views.roots import DescriptionView, DocsView, NowhereView, RootView
from api.views.submissions import ReceiptView, SendView
from api.views.things import DetailView
from api.views.usage import UsageView
from publishing.models import REF_PATTERN
from publishing.resource import registry
from tracking.resources import RecordResource

resources = [*registry, RecordResource]
of_resources = [ResourceList(resource) for resource in resources]
lists: list[List] = [*of_resources, ChangeList(), EntryList(), HeadList()]
OF_ONE_THING = (
    ("", "one", DetailView.of),
    ("history/", "history", HistoryView.of_resource),
    ("proof/", "proof", ProofView.of),
    ("citation/", "one-citation", ThingCitationView.of),
)

urlpatterns = [
    path("v1/", RootView.as_view(lists=lists), name="api-root"),
    path("v1/usage/", UsageView.as_view(), name="api-usage"),
    path("v1/submissions/", SendView.as_view(), name="api-submissions"),
    path("v1/submissions/<uuid:receipt>/", ReceiptView.as_view(), name="api-submissions-one"),
    path("v1/changes/", ChangesView.as_view(), name="api-changes"),
    *(
        path(f"v1/{each.name}/", ListView.of(each), name=f"api-{each.name}")
        for each in lists
        if each.name != ChangeList.name
    ),
    *(
        path(f"v1/{each.name}/facets/", FacetsView.of(each), name=f"api-{each.name}-facets")
        for each in of_resources
        if "status" in each.resource.computed
    ),
    *(
        path(f"v1/{each.name}/citation/", ListCitationView.of(each), name=f"api-{each.name}-citation")
        for each in of_resources
    ),
    *(
        re_path(
            rf"^v1/{resource.name}/(?P<ref>{REF_PATTERN})/{rest}\Z", view(resource), name=f"api-{resource.name}-{name}"
        )
        for rest, name, view in OF_ONE_THING
        for resource in resources
    ),
    path("verify_ledger.py", verifier, name="api-verifier"),
    path("", RedirectView.as_view(pattern_name="api-docs")),
    path("schema/", DescriptionView.as_view(), name="api-schema"),
    path("docs/", DocsView.as_view(), name="api-docs"),
    re_path(r"^(?P<rest>[\s\S]*)/\Z", NowhereView.as_view(names=[each.name for each in lists])),
]
