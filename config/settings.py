"""Every setting of Pactwatch. What differs between a laptop and a server comes from the environment.

On a laptop nothing needs to be set. Production is where DATABASE_URL is set and DEBUG is off; there a missing secret,
or any host at all being let in, stops the start, and so does DEBUG where others reach the tracker.
docs/operations.md lists every variable.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import embedded, logs
from config.environment import (
    address,
    duration,
    flag,
    is_guessable,
    is_of_this_machine,
    laptop_secret,
    networks,
    new_signing_key,
    one_of,
    signing_key,
    text,
    web_address,
    whole_number,
    words,
)

BASE_DIR = Path(__file__).resolve().parent.parent

DATA_DIR = Path(text("PACTWATCH_DATA", str(BASE_DIR / "var"))).expanduser().resolve()
DEBUG = flag("DEBUG")
PORT = whole_number("PORT", default=8000, least=1, most=65535)
LISTEN = text("LISTEN", "127.0.0.1")
WEB_WORKERS = whole_number("WEB_WORKERS", default=2, least=1, most=256)
WEB_THREADS = whole_number("WEB_THREADS", default=min(8, 2 * (os.cpu_count() or 1)), least=1, most=256)
BASE_URL = web_address("BASE_URL", default=f"http://127.0.0.1:{PORT}")
if DEBUG and not is_of_this_machine(BASE_URL):
    raise ImproperlyConfigured(
        f"DEBUG shows settings and data to whoever meets a fault, and others reach {BASE_URL}. Unset DEBUG or BASE_URL."
    )

DATABASE_URL = address("DATABASE_URL", schemes=("postgres", "postgresql"))
DATABASE_OWNER_URL = address("DATABASE_OWNER_URL", schemes=("postgres", "postgresql")) or DATABASE_URL
PRODUCTION = bool(DATABASE_URL) and not DEBUG
AS_OWNER = flag("PACTWATCH_AS_OWNER")
"""Set by manage.py for the commands that alter the schema; everything else runs with the lesser role."""
POOL_SIZE = whole_number("DATABASE_POOL", default=0, least=0, most=1000)
"""Connections that one process keeps; 0 means one that is closed after each request or task."""

DATABASE_REPLICA_URL = address("DATABASE_REPLICA_URL", schemes=("postgres", "postgresql"))
"""A copy that PostgreSQL keeps of DATABASE_URL's; the API reads from it."""

if DATABASE_URL:
    connection = environ.Env.db_url_config(DATABASE_OWNER_URL if AS_OWNER else DATABASE_URL)
else:
    connection = embedded.database_settings(data=DATA_DIR, role=embedded.OWNER if AS_OWNER else embedded.APP)
if AS_OWNER:
    # Whoever comes after a migration that waits for a lock waits too. So it soon gives way, and is tried again.
    connection["OPTIONS"] = {"options": "-c lock_timeout=500ms", **connection.get("OPTIONS", {})}
if POOL_SIZE:
    connection["CONN_HEALTH_CHECKS"] = True
    connection["OPTIONS"] = {
        **connection.get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": POOL_SIZE, "timeout": 10},
    }
DATABASES = {"default": connection}
if DATABASE_REPLICA_URL:
    # No pool, which would wait for a replica that is down; each thread keeps a connection.
    replica = environ.Env.db_url_config(DATABASE_REPLICA_URL)
    replica |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    DATABASES["replica"] = {**replica, "OPTIONS": {"connect_timeout": 2, **replica.get("OPTIONS", {})}}
DATABASE_ROUTERS = ["api.snapshot.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

BROKER_URL = address("BROKER_URL", schemes=("redis", "rediss", "redis+socket")) or embedded.broker_url(data=DATA_DIR)

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "answers": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": BROKER_URL.replace("redis+socket://", "unix://"),
        "KEY_PREFIX": "pactwatch-answers",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    },
}
KEEP_ANSWERS = flag("KEEP_ANSWERS", default=True)
"""Whether whole answers of the API are kept in the broker's server, for as long as they are right."""

SECRET_KEY = text("SECRET_KEY")
if PRODUCTION and is_guessable(SECRET_KEY):
    raise ImproperlyConfigured(
        "SECRET_KEY must be set to at least 32 random characters in production. "
        "`python -c 'import secrets; print(secrets.token_urlsafe(50))'` makes some."
    )
SECRET_KEY = SECRET_KEY or laptop_secret(DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")

SIGNING_KEY = signing_key("SIGNING_KEY")
"""With it the worker signs the head of the ledger each day; no other process needs it."""
HEADS_DIR = text("HEADS_DIR")
if not PRODUCTION:
    SIGNING_KEY = SIGNING_KEY or laptop_secret(DATA_DIR / "signing_key", make=new_signing_key)
    HEADS_DIR = HEADS_DIR or str(DATA_DIR / "heads")

EXPORTS_SPACE = whole_number("EXPORTS_SPACE", default=2000, least=1, most=10**7) * 10**6
"""How many bytes of files that readers have downloaded each host keeps, so that they need not be made again."""

ALLOWED_HOSTS = [str(urlsplit(BASE_URL).hostname), "127.0.0.1", "localhost", "[::1]", *words("ALLOWED_HOSTS")]
if PRODUCTION and {"*", "."} & set(ALLOWED_HOSTS):
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts in production; “*” lets any host in.")

INSTALLED_APPS = [
    "config",
    "django.contrib.auth",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "accounts",
    "jobs",
    "publishing",
    "catalog",
    "sources",
    "tracking",
    "commitments",
    "mechanisms",
    "subscriptions",
    "submissions",
    "keys",
    "api",
    "website",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django.contrib.admin",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
AUTH_USER_MODEL = "accounts.User"
TWO_PERSON_RULE = flag("TWO_PERSON_RULE", default=PRODUCTION)
"""Whether the one who prepared a decision or a publication is refused as the one who approves it."""
REVIEW_EVERY = duration("REVIEW_EVERY", default="P6M")
"""How often a record is to be looked at that has no interval of its own."""
SECOND_FACTOR = flag("SECOND_FACTOR", default=PRODUCTION)
"""Whether reviewers and administrators must log in with a code as well."""
OTP_TOTP_ISSUER = f"Pactwatch {urlsplit(BASE_URL).hostname}"
AUTHENTICATION_BACKENDS = ["accounts.log_ins.LockingBackend"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RequestMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "api.keeping.KeepingMiddleware",
    "config.middleware.ForgedForAdminMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.middleware.TimeZoneMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
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
TRUSTED_PROXIES = networks("TRUSTED_PROXIES")
"""Addresses from which X-Forwarded-For and X-Forwarded-Proto are believed; config/wsgi.py reads them."""
SECURE_HSTS_SECONDS = whole_number("HSTS_SECONDS", default=30 * 86400 if HTTPS else 0, least=0, most=2 * 365 * 86400)
# The proxy where TLS ends sends readers from HTTP to HTTPS. Neighbours of the host may have no certificate. Frames are
# for the admin, where a mail is shown in one of the site's own.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W019", "security.W021"]
if not HTTPS:
    SILENCED_SYSTEM_CHECKS.append("security.W004")

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

LIMITS = flag("LIMITS", default=PRODUCTION)
"""Whether what one reader may ask for is limited. The quotas are units a minute; api/allowances.py has the costs."""
API_QUOTA = whole_number("API_QUOTA", default=300, least=1, most=1_000_000)
API_KEY_QUOTA = whole_number("API_KEY_QUOTA", default=3000, least=1, most=1_000_000)
SENDING_QUOTA = whole_number("SENDING_QUOTA", default=20, least=1, most=1_000_000)
"""How many things one address may send in within an hour: requests for keys, evidence, corrections."""

REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Pactwatch API",
    "DESCRIPTION": _("Who promised what about AI, by when, and did they do it? Public, read-only, in two languages."),
    "VERSION": "1",
    "SECURITY": [{}, {"key": []}],
    "APPEND_COMPONENTS": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    "POSTPROCESSING_HOOKS": [],  # the API names its own schemas
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOG_FORMAT = one_of("LOG_FORMAT", ("json", "line"), default="json" if PRODUCTION else "line")
LOGGING = logs.configuration(form=LOG_FORMAT, level=text("LOG_LEVEL", "INFO" if PRODUCTION else "WARNING").upper())
METRICS_TOKEN = text("METRICS_TOKEN")
"""Who asks for /metrics says it; without one the address does not exist."""
