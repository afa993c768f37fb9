"""What each role may do. After every `migrate` the groups have exactly these rights; other groups are left alone."""

from collections.abc import Iterator

from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from accounts.roles import Role

EVERYTHING = ("view", "add", "change", "delete")
LOOKING = ("view",)
# What a role may do with the models of each app; those named singly come before those of the rest of their app.
RECORDS = ("catalog", "sources", "commitments", "mechanisms", "tracking", "publishing")
RIGHTS: dict[Role, dict[str, tuple[str, ...]]] = {
    Role.EDITOR: {
        **dict.fromkeys(RECORDS, LOOKING),
        **dict.fromkeys(("catalog", "sources", "commitments", "mechanisms"), EVERYTHING),
        **dict.fromkeys(("tracking.evidence", "tracking.response"), EVERYTHING),
        "tracking.decision": ("view", "add"),
    },
    Role.TRANSLATOR: dict.fromkeys(RECORDS, LOOKING),
    Role.REVIEWER: dict.fromkeys(RECORDS, LOOKING),
    Role.ADMINISTRATOR: {
        "accounts": LOOKING,
        "accounts.user": ("view", "add", "change"),
        "jobs": LOOKING,
        "keys": ("view", "change"),
        "subscriptions": ("view", "change", "delete"),
    },
}
MORE: dict[Role, tuple[str, ...]] = {
    Role.TRANSLATOR: ("publishing.translate_publishable",),
    Role.REVIEWER: ("publishing.publish_publishable", "tracking.approve_decision", "tracking.change_finding"),
    Role.ADMINISTRATOR: ("subscriptions.see_addresses",),
}
EARLIER_NAMES = {"Editors": Role.EDITOR, "Reviewers": Role.REVIEWER}


def keep_roles(**later_keywords: object) -> None:
    """Make the groups of the roles, or give them back exactly the rights that they are shipped with."""
    for earlier, role in EARLIER_NAMES.items():
        if not Group.objects.filter(name=role.value).exists():
            Group.objects.filter(name=earlier).update(name=role.value)
    for role in Role:
        group, _is_new = Group.objects.get_or_create(name=role.value)
        wanted = Q()
        for right in rights_of(role):
            app, _dot, codename = right.partition(".")
            wanted |= Q(content_type__app_label=app, codename=codename)
        group.permissions.set(Permission.objects.filter(wanted))


def rights_of(role: Role) -> Iterator[str]:
    """Yield the names of the rights of a role, such as sources.change_source."""
    yield from MORE.get(role, ())
    given = RIGHTS[role]
    for app in {name.partition(".")[0] for name in given}:
        for model in apps.get_app_config(app).get_models():
            if hasattr(model, "pgh_tracked_model"):
                continue
            for action in given.get(model._meta.label_lower, given.get(app, ())):
                yield f"{app}.{get_permission_codename(action, model._meta)}"
