"""docker-compose.yml, without an engine: what it names is there, and what it starts is what `make run` does."""

import re
from typing import Any

from config import start
from tests.server.composed import ROOT, compose, variables


def services() -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"]
    return found


def test_what_the_services_name_is_there():
    named = {volume.split(":")[0] for each in services().values() for volume in each.get("volumes", ())}

    assert {name for name in named if not name.startswith(".")} == set(compose()["volumes"])
    assert all((ROOT / name).exists() for name in named if name.startswith("."))
    for service in services().values():
        assert set(service.get("depends_on", {})) <= set(services())
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in services()[other]


def test_each_variable_is_told_in_the_documentation():
    told = (ROOT / "docs" / "operations.md").read_text()

    assert [name for name in sorted(variables()) if not re.search(rf"\b{name}\b", told)] == []


def test_processes_are_started_as_make_run_starts_them():
    commands = [each["command"] for each in services().values() if "command" in each]
    started = [command for command in commands if "config.start" in command]

    assert sorted({command[-1] for command in started}) == sorted(start.NAMES)
    assert all(command[:-1] == ["python", "-m", "config.start"] for command in started)


def test_only_the_steps_that_need_it_know_the_owner_of_the_schema():
    knowing = {name for name, each in services().items() if "DATABASE_OWNER_URL" in each.get("environment", {})}

    assert knowing == {"migrate", "backup"}


def test_nothing_of_ours_runs_as_root_or_writes_to_its_image():
    image = (ROOT / "Dockerfile").read_text()
    ours = [each for each in services().values() if each["image"] == "pactwatch"]

    assert image.index("\nUSER pactwatch") < image.index("\nCMD ")
    assert all(each["read_only"] and each["cap_drop"] == ["ALL"] for each in ours)
