import os
import string
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRET = string.ascii_letters
PRODUCTION = {
    "DATABASE_URL": "postgresql://app@127.0.0.1:1/tracker",
    "BROKER_URL": "redis://127.0.0.1:1",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "BASE_URL": "https://tracker.example.org",
    "SECRET_KEY": SECRET,
}


def run(tmp_path: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PACTWATCH_DATA": str(tmp_path), **variables}
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def check(tmp_path: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run(tmp_path, "check", *options, **variables)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PORT": "eighty"}, "PORT is “eighty”; it must be a whole number from 1 to 65535."),
        ({"PORT": "0"}, "PORT is “0”; it must be a whole number from 1 to 65535."),
        ({"DEBUG": "perhaps"}, "DEBUG is “perhaps”; it must be true or false."),
        ({"BASE_URL": "tracker.example.org"}, "BASE_URL is “tracker.example.org”; it must be an address such as"),
        ({"DATABASE_URL": "sqlite:///x"}, "DATABASE_URL must be an address that begins with postgres://"),
        ({**PRODUCTION, "SECRET_KEY": ""}, "SECRET_KEY must be set to at least 32 random characters in production."),
        ({**PRODUCTION, "SECRET_KEY": "django-insecure-" + SECRET}, "SECRET_KEY must be set to at least 32 random"),
        ({**PRODUCTION, "SECRET_KEY": "secret" * 10}, "SECRET_KEY must be set to at least 32 random characters"),
        ({**PRODUCTION, "ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts in production"),
        ({**PRODUCTION, "DEBUG": "true"}, "DEBUG shows settings and data to whoever meets a fault, and others reach"),
        ({**PRODUCTION, "TRUSTED_PROXIES": "the.proxy"}, "TRUSTED_PROXIES has “the.proxy”; it must be addresses"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT is “xml”; it must be json or line."),
    ],
)
def test_a_wrong_variable_stops_the_start_in_one_sentence(tmp_path, variables, sentence):
    done = check(tmp_path, **variables)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert sentence in done.stderr


def test_production_is_told_what_it_lacks(tmp_path):
    assert check(tmp_path, "--tag=security", **PRODUCTION).returncode == 0
    assert "no issues" in check(tmp_path, "--deploy", **PRODUCTION).stdout

    done = check(tmp_path, "--tag=security", **{**PRODUCTION, "BASE_URL": "", "BROKER_URL": "", "EMAIL_URL": ""})

    assert done.returncode == 1
    assert [each in done.stderr for each in ("pactwatch.E001", "pactwatch.E003", "pactwatch.W004")] == [True] * 3


@pytest.mark.parametrize(("variables", "on"), [(PRODUCTION, True), ({}, False)])
def test_two_persons_a_second_factor_and_limits_are_asked_for_on_a_server_and_not_on_a_laptop(tmp_path, variables, on):
    settings = run(tmp_path, "diffsettings", **variables).stdout

    for name in ("TWO_PERSON_RULE", "SECOND_FACTOR", "LIMITS"):
        assert f"\n{name} = {on}" in settings


def test_the_secret_of_a_laptop_is_made_once_and_read_by_its_owner_only(tmp_path):
    check(tmp_path)
    made = (tmp_path / "secret_key").read_text()
    check(tmp_path)

    assert (tmp_path / "secret_key").read_text() == made
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert len(made) >= 50
