"""People at the door: with a password, with an app that makes codes, from an address."""

import time
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from tests.admin.conftest import world
from tests.admin.desk import Desk, Shown

__all__ = ["world"]

PASSWORD = "a-long-way-to-go"


def account(name: str, *roles: str, **columns: object) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", PASSWORD, **columns)
    user.groups.set(Group.objects.filter(name__in=roles))
    return User.objects.get(pk=user.pk)


@dataclass
class Visitor:
    """A browser at one address."""

    address: str = "192.0.2.1"
    client: Client = field(default_factory=Client)
    language: str = "en"

    @property
    def desk(self) -> Desk:
        self.client.defaults["REMOTE_ADDR"] = self.address
        return Desk(self.client, self.language)

    def log_in(self, name: str, password: str = PASSWORD) -> Shown:
        return self.desk.post("/admin/login/?next=/admin/", username=name, password=password)

    def give_code(self, code: str) -> Shown:
        return self.desk.post("/admin/second-factor/", code=code)

    def set_up(self, user: User) -> list[str]:
        """Set up a second factor as the page says, and return the recovery codes."""
        self.desk.open("/admin/second-factor/set-up/")
        device = TOTPDevice.objects.get(user=user, confirmed=False)
        shown = self.desk.post("/admin/second-factor/set-up/", code=code_of(device))
        return list(shown.response.context["codes"])


def code_of(device: TOTPDevice, *, later: int = 0) -> str:
    """Return the code that the app shows, or will show some half minutes later."""
    totp = TOTP(device.bin_key)
    totp.time = time.time() + 30 * later
    return f"{totp.token():06d}"


@pytest.fixture
def visitor(db: None) -> Visitor:
    return Visitor()
