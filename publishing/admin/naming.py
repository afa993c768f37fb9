"""How the admin names a thing, links to it and says whether it is public."""

from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext_lazy

from publishing.models import Publishable
from publishing.resource import Resource, registry


def branch_of(resource: type[Resource]) -> str:
    """Return the name of the link that leads from Publishable towards the model of a resource."""
    chain = [resource.model, *resource.model._meta.get_base_chain(Publishable)]
    return f"as_{chain[-2]._meta.model_name}"


def with_branches(things: QuerySet[Publishable], resources: list[type[Resource]]) -> QuerySet[Publishable]:
    """Have the rows of these resources' own tables read together with those of Publishable."""
    return things.select_related(*sorted({branch_of(resource) for resource in resources}))


def own_row(thing: Publishable) -> Publishable:
    """Return the row of a thing's own model (of a record, its row in Record). One query, unless it was read before."""
    if type(thing) is not Publishable:
        return thing
    return getattr(thing, branch_of(registry[thing.resource]))


def label_of(thing: Publishable) -> str:
    """Name a thing so that it can be told from its namesakes: title, ref, and its state when it is not public."""
    name = str(own_row(thing))
    label = thing.ref if name == thing.ref else f"{name} · {thing.ref}"
    return label if thing.is_public else f"{label} ({thing.get_state_display()})"


def admin_url(thing: Publishable, page: str = "change") -> str:
    """Return the address of a page about a thing in the admin of its own kind."""
    options = registry[thing.resource].model._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{page}", args=[thing.pk])


def public_url(thing: Publishable, *, is_record: bool) -> str:
    """Return where a public thing is seen: the page of a record in the reader's language, else its place in the API."""
    if is_record:
        language = "zh-hans" if (get_language() or "en").startswith("zh") else "en"
        return f"/{language}/records/{thing.ref}/"
    return f"/api/v1/{thing.resource}/{thing.ref}/"


def badge(kind: str, words: object) -> SafeString:
    """Return words in a small frame whose colour the style sheet knows by `kind`."""
    return format_html('<span class="badge badge-{}">{}</span>', kind, words)


class ShowsState:
    """Mixed into a ModelAdmin or an inline of things: the column `state_badge`."""

    @admin.display(description=pgettext_lazy("of publication", "state"), ordering="state")
    def state_badge(self, thing: Publishable) -> SafeString:
        return badge(thing.state, thing.get_state_display())
