"""What docker-compose.yml says, for a test that runs the same as plain processes."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@cache
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def variables() -> set[str]:
    """Return the names of all variables that somebody who starts it may set."""
    return {name for name, _how, _default in VARIABLE.findall((ROOT / "docker-compose.yml").read_text())}


def environment_of(service: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a service. Raises KeyError with the name of a variable that must be given."""

    def value(found: re.Match[str]) -> str:
        name, how, default = found.groups()
        return given.get(name) or default if how == "-" else given[name]

    return {name: VARIABLE.sub(value, word) for name, word in compose()["services"][service]["environment"].items()}
