"""Every setting of Pactwatch. What differs between a laptop and a server comes from the environment.

On a laptop nothing needs to be set. Production is where DATABASE_URL is set and DEBUG is off; there a missing secret,
or any host at all being let in, stops the start. docs/operations.md lists every variable.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import embedded

BASE_DIR = Path(__file__).resolve().parent.parent


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


def laptop_secret(path: Path) -> str:
    """Return the secret kept at `path`, made on the first call. Two processes that make it at once get the same."""
    if not path.exists():
        embedded.private_folder(path.parent)
        mine = path.with_name(f"{path.name}.{os.getpid()}")
        embedded.write_private(mine, secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            os.link(mine, path)
        mine.unlink()
    return path.read_text()


DATA_DIR = Path(text("PACTWATCH_DATA", str(BASE_DIR / "var"))).expanduser().resolve()
DEBUG = flag("DEBUG")
PORT = whole_number("PORT", default=8000, least=1, most=65535)
BASE_URL = web_address("BASE_URL", default=f"http://127.0.0.1:{PORT}")

DATABASE_URL = address("DATABASE_URL", schemes=("postgres", "postgresql"))
DATABASE_OWNER_URL = address("DATABASE_OWNER_URL", schemes=("postgres", "postgresql")) or DATABASE_URL
PRODUCTION = bool(DATABASE_URL) and not DEBUG
AS_OWNER = flag("PACTWATCH_AS_OWNER")
"""Set by manage.py for the commands that alter the schema; everything else runs with the lesser role."""
POOL_SIZE = whole_number("DATABASE_POOL", default=0, least=0, most=1000)
"""Connections that one process keeps; 0 means one that is closed after each request or task."""

if DATABASE_URL:
    connection = environ.Env.db_url_config(DATABASE_OWNER_URL if AS_OWNER else DATABASE_URL)
else:
    connection = embedded.database_settings(data=DATA_DIR, role=embedded.OWNER if AS_OWNER else embedded.APP)
if POOL_SIZE:
    connection["CONN_HEALTH_CHECKS"] = True
    connection["OPTIONS"] = {
        **connection.get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": POOL_SIZE, "timeout": 10},
    }
DATABASES = {"default": connection}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BROKER_URL = address("BROKER_URL", schemes=("redis", "rediss", "redis+socket")) or embedded.broker_url(data=DATA_DIR)

SECRET_KEY = text("SECRET_KEY")
if PRODUCTION and len(SECRET_KEY) < 32:
    raise ImproperlyConfigured(
        "SECRET_KEY must be set to at least 32 random characters in production. "
        "`python -c 'import secrets; print(secrets.token_urlsafe(50))'` makes some."
    )
SECRET_KEY = SECRET_KEY or laptop_secret(DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")

ALLOWED_HOSTS = [str(urlsplit(BASE_URL).hostname), "127.0.0.1", "localhost", "[::1]", *words("ALLOWED_HOSTS")]
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts in production; “*” lets any host in.")

INSTALLED_APPS = [
    "config",
    "accounts",
    "jobs",
    "publishing",
    "catalog",
    "sources",
    "tracking",
    "commitments",
    "mechanisms",
    "subscriptions",
    "api",
    "website",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
AUTH_USER_MODEL = "accounts.User"
TWO_PERSON_RULE = flag("TWO_PERSON_RULE", default=PRODUCTION)
"""Whether the one who prepared a decision or a publication is refused as the one who approves it."""

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "config.middleware.NoNulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
]
# Reading changes nothing, so it need not look up who reads: no session, and answers that caches may share.
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
X_FRAME_OPTIONS = "SAMEORIGIN"
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# TLS ends at a proxy, which also sends readers from HTTP to HTTPS and says for how long (HSTS). Frames are for the
# admin, where a mail is shown in one of the site's own.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W019"]
if flag("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Chinese (simplified)"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
if PRODUCTION:
    STATIC_ROOT = BASE_DIR / "staticfiles"
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
else:
    WHITENOISE_USE_FINDERS = True

EMAIL_URL = address("EMAIL_URL", schemes=("smtp", "smtps", "smtp+tls", "smtp+ssl", "consolemail"))
if EMAIL_URL:
    mail = environ.Env.email_url_config(EMAIL_URL)
    EMAIL_BACKEND = mail["EMAIL_BACKEND"]
    EMAIL_HOST, EMAIL_PORT = mail["EMAIL_HOST"], mail["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = mail["EMAIL_HOST_USER"], mail["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = mail.get("EMAIL_USE_TLS", False), mail.get("EMAIL_USE_SSL", False)
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(DATA_DIR / "mail")
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = text("EMAIL_FROM", f"Pactwatch <pactwatch@{urlsplit(BASE_URL).hostname}>")

REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Pactwatch API",
    "DESCRIPTION": _("Who promised what about AI, by when, and did they do it? Public, read-only, in two languages."),
    "VERSION": "1",
    "POSTPROCESSING_HOOKS": [],  # the API names its own schemas
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": text("LOG_LEVEL", "WARNING").upper()},
}
