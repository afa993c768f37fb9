"""Reading the environment: one function for each type of value. A wrong one raises ImproperlyConfigured in one line."""

import base64
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import embedded


def text(name: str, default: str = "") -> str:
    """Return a variable of the environment without spaces around it; an empty one counts as not set."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    value = text(name).lower()
    if value in ("", "1", "true", "yes", "on", "0", "false", "no", "off"):
        return value in ("1", "true", "yes", "on") if value else default
    raise ImproperlyConfigured(f"{name} is “{value}”; it must be true or false.")


def whole_number(name: str, *, default: int, least: int, most: int) -> int:
    value = text(name, str(default))
    if value.isascii() and value.isdigit() and least <= int(value) <= most:
        return int(value)
    raise ImproperlyConfigured(f"{name} is “{value}”; it must be a whole number from {least} to {most}.")


def one_of(name: str, known: tuple[str, ...], *, default: str) -> str:
    value = text(name, default).lower()
    if value in known:
        return value
    raise ImproperlyConfigured(f"{name} is “{value}”; it must be {' or '.join(known)}.")


def duration(name: str, *, default: str) -> str:
    """Return an ISO 8601 duration of one unit, such as P90D or P6M."""
    value = text(name, default)
    if re.fullmatch(r"P[1-9]\d{0,3}[DWMY]", value, re.ASCII):
        return value
    raise ImproperlyConfigured(f"{name} is “{value}”; it must be a duration such as P90D, P26W, P6M or P1Y.")


def words(name: str) -> list[str]:
    return [word.strip() for word in text(name).split(",") if word.strip()]


def web_address(name: str, *, default: str) -> str:
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme in ("http", "https") and parts.hostname and not parts.path and not parts.query:
        return value
    raise ImproperlyConfigured(f"{name} is “{value}”; it must be an address such as https://tracker.example.org.")


def address(name: str, *, schemes: tuple[str, ...]) -> str:
    """Return an address that may hold a password, which is why a wrong one is not repeated."""
    value = text(name)
    if not value or urlsplit(value).scheme in schemes:
        return value
    raise ImproperlyConfigured(f"{name} must be an address that begins with {' or '.join(f'{s}://' for s in schemes)}.")


def signing_key(name: str) -> str:
    """Return a private key of 32 bytes in base64, which is not repeated when it is wrong."""
    value = text(name)
    with suppress(ValueError):
        if not value or len(base64.b64decode(value, validate=True)) == 32:
            return value
    raise ImproperlyConfigured(f"{name} must be 32 random bytes in base64; `openssl rand -base64 32` makes some.")


def new_signing_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def new_secret() -> str:
    return secrets.token_urlsafe(50)


def laptop_secret(path: Path, *, make: Callable[[], str] = new_secret) -> str:
    """Return the secret kept at `path`, made on the first call. Two processes that make it at once get the same."""
    if not path.exists():
        embedded.private_folder(path.parent)
        mine = path.with_name(f"{path.name}.{os.getpid()}")
        embedded.write_private(mine, make())
        with suppress(FileExistsError):
            os.link(mine, path)
        mine.unlink()
    return path.read_text()


def is_guessable(secret: str) -> bool:
    """Say whether a secret is too short or too plain to be one, or is what startproject and examples put there."""
    return len(secret) < 32 or len(set(secret)) < 8 or secret.startswith(("django-insecure-", "change"))


def is_of_this_machine(url: str) -> bool:
    """Say whether an address leads to this machine only, whoever follows it."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def networks(name: str) -> list[str]:
    """Return addresses and networks (10.0.0.0/8), separated by commas."""
    given = words(name)
    for each in given:
        try:
            ip_network(each)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} has “{each}”; it must be addresses or networks such as 127.0.0.1, 10.0.0.0/8."
            ) from None
    return given
