"""Codes from an app (TOTP, RFC 6238) and recovery codes: who needs them, who has them, and whether one is right."""

from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import segno
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django_otp import devices_for_user, login
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.log_ins import record, refuse_locked_out
from accounts.models import LogInOutcome, User
from accounts.roles import Role

RECOVERY_CODES = 10

Device: TypeAlias = TOTPDevice | StaticDevice


class MustWait(Exception):
    """A code came so soon after a wrong one that it was not looked at; from `until` (aware) on the next one will be."""

    def __init__(self, until: datetime):
        super().__init__()
        self.until = until


def is_verified(request: HttpRequest) -> bool:
    """Whether this session has given a code."""
    return getattr(request.user, "otp_device", None) is not None


def has_second_factor(user: User) -> bool:
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def must_have_second_factor(user: User) -> bool:
    """Whether the setting asks it of this person: reviewers, administrators and superusers."""
    return settings.SECOND_FACTOR and user.has_role(Role.REVIEWER, Role.ADMINISTRATOR)


def new_device(user: User) -> TOTPDevice:
    """Return the device that is being set up; reloading the page shows the same one."""
    device, _is_new = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})
    return device


def picture_of(device: TOTPDevice) -> SafeString:
    """Return the QR code that an app reads, as SVG without script or style."""
    drawn = segno.make(device.config_url, error="m").svg_inline(border=4, light="#fff", omitsize=True)
    return SafeString(drawn)


def key_in_words(device: TOTPDevice) -> str:
    """Return the key in groups of four letters, for an app that cannot read the picture."""
    key = b32encode(device.bin_key).decode()
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def check_code(*, request: HttpRequest, user: User, code: str, now: datetime) -> bool:
    """Let the session in if the code is one of the app's or of those for recovery, and log the outcome.

    Raises MustWait, and LockedOut after too many failures.
    """
    refuse_locked_out(request=request, username=user.username, now=now)
    with transaction.atomic():
        devices = list(devices_for_user(user, for_verify=True))
        # Codes of the app are digits; those for recovery are words of letters and digits.
        until = _waits_until([each for each in devices if isinstance(each, TOTPDevice) == _typed(code).isdigit()])
        found = next((device for device in devices if device.verify_token(_typed(code))), None)
    return _settle(request, user, found, until, now)


def confirm_device(*, request: HttpRequest, user: User, code: str, now: datetime) -> list[str]:
    """Take a new device into use in place of an earlier one, and return new recovery codes; none if the code is wrong.

    Raises MustWait, and LockedOut after too many failures.
    """
    refuse_locked_out(request=request, username=user.username, now=now)
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
        until = _waits_until([device] if device else [])
        right = device is not None and device.verify_token(_typed(code))
        if device is not None and right:
            TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
            device.confirmed = True
            device.save(update_fields=["confirmed"])
    if not _settle(request, user, device if right else None, until, now):
        return []
    return list(new_recovery_codes(user))


@transaction.atomic
def new_recovery_codes(user: User) -> Sequence[str]:
    """Make ten codes, each good for one log-in, in place of all earlier ones."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    codes = [StaticToken.random_token() for _number in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def recovery_codes_left(user: User) -> int:
    return StaticToken.objects.filter(device__user=user).count()


@transaction.atomic
def forget_second_factor(user: User) -> None:
    """Delete app and recovery codes of somebody who has lost them; the next log-in sets up new ones."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def _waits_until(devices: Sequence[Device]) -> datetime | None:
    told = [more for allowed, more in (device.verify_is_allowed() for device in devices) if not allowed]
    return max((more["locked_until"] for more in told), default=None)


def _settle(request: HttpRequest, user: User, device: Device | None, until: datetime | None, now: datetime) -> bool:
    outcome = LogInOutcome.WRONG_CODE if device is None else LogInOutcome.CODE
    record(request=request, username=user.username, outcome=outcome, user=user, now=now)
    if device is None:
        if until:
            raise MustWait(until)
        return False
    request.session.cycle_key()
    login(request, device)
    return True


def _typed(code: str) -> str:
    return "".join(code.split()).lower()
