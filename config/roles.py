"""The two groups that a tracker begins with, so that an account can be given its rights by one choice."""

from collections.abc import Iterator

from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

EDITORS, REVIEWERS = "Editors", "Reviewers"
EVERYTHING = ("view", "add", "change", "delete")
# What editors may do with the models of each app; those named singly come before those of the rest of their app.
EDITING = {
    "catalog": EVERYTHING,
    "sources": EVERYTHING,
    "commitments": EVERYTHING,
    "mechanisms": EVERYTHING,
    "tracking.evidence": EVERYTHING,
    "tracking.response": EVERYTHING,
    "tracking.decision": ("view", "add"),
    "tracking": ("view",),
    "publishing": ("view",),
    "jobs": ("view",),
}
REVIEWING = ("tracking.change_finding", "tracking.approve_decision")


def make_roles() -> list[str]:
    """Make the groups that are not there yet, and return their names. One that is there is left as it is.

    Editors write, publish and unpublish, and prepare decisions; reviewers also work off the findings and approve
    decisions.
    """
    editing = list(_editing())
    rights = {EDITORS: editing, REVIEWERS: [*editing, *REVIEWING]}
    made = []
    for name, given in rights.items():
        group, is_new = Group.objects.get_or_create(name=name)
        if is_new:
            wanted = Q()
            for right in given:
                app, _dot, codename = right.partition(".")
                wanted |= Q(content_type__app_label=app, codename=codename)
            group.permissions.set(Permission.objects.filter(wanted))
            made.append(name)
    return made


def _editing() -> Iterator[str]:
    for app in {name.partition(".")[0] for name in EDITING}:
        for model in apps.get_app_config(app).get_models():
            if hasattr(model, "pgh_tracked_model"):
                continue
            for action in EDITING.get(model._meta.label_lower, EDITING[app]):
                yield f"{app}.{get_permission_codename(action, model._meta)}"
