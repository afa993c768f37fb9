"""What a tracker needs before it runs: first content, this release's fields, the user `admin`."""

import os
import secrets

import django


def main() -> None:
    """Fill what is empty, and leave alone what is not, whoever filled it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    load_starting_records()
    publish_new_fields()
    make_admin(password=os.environ.get("ADMIN_PASSWORD", ""))


def load_starting_records() -> None:
    from django.conf import settings
    from django.core.management import call_command

    from publishing.models import Publishable

    if not Publishable.objects.exists():
        print("Loading the starting records …", flush=True)
        call_command("load_records", str(settings.BASE_DIR / "fixtures"))


def publish_new_fields() -> None:
    """Give the documents the fields of this release; a broken ledger is told and keeps nobody from looking into it."""
    from publishing.redeclaring import ChangedBehindTheLedger, redeclare

    try:
        redeclare(by=None)
    except ChangedBehindTheLedger as changed:
        print(f"The ledger is broken: {changed}. `manage.py verify_ledger` looks again.", flush=True)


def make_admin(*, password: str) -> None:
    from accounts.models import User

    if User.objects.filter(is_superuser=True).exists():
        return
    if not password:
        password = secrets.token_urlsafe(12)
        print(f"The user admin was made with the password {password} (shown this once).", flush=True)
    User.objects.create_superuser("admin", password=password)


if __name__ == "__main__":
    main()
