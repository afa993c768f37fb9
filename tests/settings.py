"""The settings of a test run: a laptop's, on servers of its own in a folder that is removed afterwards."""

import os
import tempfile

OWN = (
    *("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_REPLICA_URL", "BROKER_URL", "EMAIL_URL"),
    *("BASE_URL", "SECRET_KEY", "DEBUG", "TRUSTED_PROXIES", "METRICS_TOKEN", "LOG_LEVEL", "LOG_FORMAT"),
)
for name in OWN:
    os.environ.pop(name, None)
os.environ["PACTWATCH_DATA"] = tempfile.mkdtemp(prefix="pactwatch-test-")

from config.settings import *  # noqa: E402, F403 a settings module takes over every name, and after the environment

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Stories count queries, and take back what they did. Those about answers that are kept turn it on.
KEEP_ANSWERS = False
