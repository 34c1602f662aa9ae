"""Settings: one module, the environment decides.

Every variable is listed in `docs/configuration.md`. Nothing secret has a default. `SVTAD_DEMO=1`
(set by `script/server` only) is the embedded demo server: it generates a key and keeps it in its
own data directory, and serves plain HTTP on this machine.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import environ
import font_source_sans_pro
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from svtad.config.logs import logging_config
from svtad.config.secret import kept_secret_key
from svtad.config.single_sign_on import providers

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()


def _listed(name: str, default: list[str]) -> list[str]:
    """Return a comma-separated variable as a list; set to nothing is as good as not set."""
    return [value for value in env.list(name, default=[]) if value] or default


# --- where and how this runs -----------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("SVTAD_DEMO", default=False)
#: Everything the product writes: embedded database, stored files, embedded broker, collected static files.
DATA_DIR = Path(env.str("SVTAD_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not DEMO:
        raise ImproperlyConfigured("SECRET_KEY is not set. Outside the demo (script/server) it has no default.")
    SECRET_KEY = kept_secret_key(DATA_DIR / "secret-key")
SECRET_KEY_FALLBACKS = _listed("SECRET_KEY_FALLBACKS", [])

#: The key that signs certificates' papers and decision packs: a PEM text, or a file of `make_signing_key`. No default.
SIGNING_KEY = env.str("SVTAD_SIGNING_KEY", default="")
SIGNING_KEY_FILE = Path(env.str("SVTAD_SIGNING_KEY_FILE", default=str(DATA_DIR / "signing-key.pem")))

ALLOWED_HOSTS = _listed("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if DEMO else [])
CSRF_TRUSTED_ORIGINS = _listed("CSRF_TRUSTED_ORIGINS", [])
#: Whether people reach this over HTTPS: secure cookies, HSTS and the redirect hang on it.
HTTPS = env.bool("SVTAD_HTTPS", default=not DEMO)

# --- apps, in ladder order: each may import those above it in this list -------------------------

OWN_APPS = [
    "svtad.audit",
    "svtad.parties",
    "svtad.governance",
    "svtad.intake",
    "svtad.governing",
    "svtad.devices",
    "testphases",
    "issues",
    "svtad.gates",
    "reports",
    "svtad.portal",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_htmx",
    "simple_history",
    "axes",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    *OWN_APPS,
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "svtad.config.addresses.refuse_null_characters",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "svtad.parties.sessions.limit_sessions",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "svtad.config.urls"
WSGI_APPLICATION = "svtad.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- language and time ---------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "Europe/London"
FIRST_DAY_OF_WEEK = 1

# --- data ------------------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'svtad.sqlite3'}"),
}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that will write takes the write lock at once, so that two writers
    # queue (up to `timeout` seconds) instead of failing when the second one upgrades its lock.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    _database["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
    _database["CONN_HEALTH_CHECKS"] = True

#: Stored files are content-addressed and never served by path: only a view that checks the audience reads them.
MEDIA_ROOT = DATA_DIR / "files"
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("SVTAD_STATIC_DIR", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("fonts", Path(font_source_sans_pro.__file__).parent / "files"),
]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Compressing takes half a minute and pays nothing on the machine itself.
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("map", "png", "jpg", "jpeg", "gif", "webp", "woff", "woff2", "zip", "gz", "br")
# One upload may hold a night's results; the importers set tighter limits of their own.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640
STORED_FILE_MAX_BYTES = env.int("SVTAD_FILE_MAX_BYTES", default=100 * 1024 * 1024)
ISSUE_ATTACHMENT_MAX_BYTES = env.int("SVTAD_ISSUE_ATTACHMENT_MAX_BYTES", default=25 * 1024 * 1024)

# --- people ------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "parties.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"

# Ten failures of one person from one address shut that pair out for a quarter of an hour. The pair,
# not the person: otherwise anyone could lock anyone out.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = dt.timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_USERNAME_FORM_FIELD = "username"
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "errors/locked_out.html"
# What was sent in with a failure is kept for who looks into it, these left out.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "password", "code", "credential", "current", "new", "again"]

#: Who needs a second factor until administrators say otherwise: "deciders" (and who administers) or "none".
SECOND_FACTOR = env.str("SVTAD_SECOND_FACTOR", default="none" if DEMO else "deciders")
if SECOND_FACTOR not in ("deciders", "none"):
    raise ImproperlyConfigured("SVTAD_SECOND_FACTOR is deciders or none.")
#: How long after they were entered credentials sign a decision.
SIGNING_WINDOW = dt.timedelta(minutes=env.int("SVTAD_SIGNING_MINUTES", default=10))
#: A session ends after so long without a request, and in any case so long after it began.
SESSION_IDLE = dt.timedelta(minutes=env.int("SVTAD_SESSION_IDLE_MINUTES", default=60))
SESSION_LONGEST = dt.timedelta(hours=env.int("SVTAD_SESSION_HOURS", default=8))

# allauth keeps second factors and talks to the issuer of a single sign-on. Its own pages have no addresses here.
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ADAPTER = "svtad.parties.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Testing Governance"
MFA_WEBAUTHN_USER_VERIFICATION = "required"
SOCIALACCOUNT_ADAPTER = "svtad.portal.views.single_sign_on.KnownPeople"
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = providers(
    issuer=env.str("SVTAD_OIDC_ISSUER", default=""),
    client_id=env.str("SVTAD_OIDC_CLIENT_ID", default=""),
    secret=env.str("SVTAD_OIDC_CLIENT_SECRET", default=""),
    name=env.str("SVTAD_OIDC_NAME", default="") or "Single sign-on",
)
#: Ways of signing in at the issuer (`amr` of its ID token) that stand for a second factor; none unless it is said.
OIDC_SECOND_FACTORS = _listed("SVTAD_OIDC_SECOND_FACTORS", [])

SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "svtad_session"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "svtad_csrf"

# --- web safety ------------------------------------------------------------------------------------

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.bool("SVTAD_BEHIND_PROXY", default=False):
    # Only where a proxy of ours sets this header on every request, else anyone could claim HTTPS.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- REST ------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    # The token class first: DRF answers an anonymous call by the first class, and only a token class says 401.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "svtad.lib.paging.Pages",
    "PAGE_SIZE": 100,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "svtad.lib.problems.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": dt.timedelta(days=90),
    "TOKEN_PREFIX": "svtad_",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "SVTAD",
    "DESCRIPTION": "Test results in, judged by the Smart Metering testing clauses, reports out.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "svtad.config.api.name_idempotency_key",
    ],
    "ENUM_NAME_OVERRIDES": {
        "PhaseState": "testphases.models.scopes.ScopeState",
        "BatchState": "svtad.intake.models.BatchState",
        "JobState": "svtad.governance.models.JobState",
        "MeetingState": "svtad.governance.models.MeetingState",
        "Body": "svtad.rulebook.vocabulary.Body",
        "Verdict": "svtad.rulebook.vocabulary.Verdict",
        "Consultee": "svtad.governance.api.matter_inputs.CONSULTEES",
        "Board": "svtad.governance.api.meetings._BODIES",
        "DeliveryState": "svtad.governance.models.DeliveryState",
        "IssueState": "issues.models.IssueState",
        "IssueLinkKind": "issues.models.LinkKind",
        "Reach": "issues.models.Reach",
        "TrackerTermKind": "issues.models.TermKind",
        "OrganisationKind": "svtad.parties.models.OrganisationKind",
        "AccessRuleKind": "svtad.parties.models.RuleKind",
        "DeviceKind": "svtad.devices.models.DeviceKind",
        "TestKind": "testphases.models.TestKind",
        "RunOutcome": "testphases.models.Outcome",
        "EvidenceKind": "svtad.rulebook.vocabulary.EvidenceKind",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- jobs ------------------------------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
#: Seconds after which a worker's child that still runs one task is killed; the soft limit comes first.
JOB_HARD_LIMIT = env.int("SVTAD_JOB_HARD_LIMIT", default=1800)
CELERY_TASK_TIME_LIMIT = JOB_HARD_LIMIT
CELERY_TASK_SOFT_TIME_LIMIT = max(1, JOB_HARD_LIMIT - 60)
#: Seconds without a heartbeat after which a job's worker counts as dead.
JOB_LEASE_SECONDS = env.float("SVTAD_JOB_LEASE", default=30.0)

if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        # Longer than any task may run, else Redis hands a task that still runs to a second worker.
        "visibility_timeout": JOB_HARD_LIMIT + 300,
        # Both, else a dead worker's tasks come back only on every tenth of these looks.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "global_keyprefix": env.str("SVTAD_REDIS_PREFIX", default=""),
    }
else:
    # No server: messages are files. Slow and forgetful, which is fine: the Job row is the truth.
    _broker_dir = DATA_DIR / "broker"
    for _folder in ("queue", "control"):
        (_broker_dir / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "files://localhost//"  # svtad/config/broker.py
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker_dir / "queue"),
        "data_folder_out": str(_broker_dir / "queue"),
        "control_folder": str(_broker_dir / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "svtad"
# A page must not hang on an absent broker: the Job row is stored, and the sweep wakes a worker later.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 5
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Write down each sending at once, not every three minutes: the health check reads it, and a Beat that was
# killed knows what it had sent.
CELERY_BEAT_SYNC_EVERY = 1
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "re-queue stale jobs": {"task": "governance.sweep_jobs", "schedule": dt.timedelta(seconds=15)},
    "judge phases whose facts changed": {"task": "gates.sweep_facts", "schedule": dt.timedelta(seconds=10)},
    "judge every open phase": {"task": "gates.assess_open_phases", "schedule": crontab(hour="2", minute="15")},
    "seal the audit trail": {"task": "audit.seal", "schedule": dt.timedelta(minutes=1)},
    "verify the audit trail": {"task": "audit.verify", "schedule": crontab(hour="3", minute="10")},
    "forget REST calls": {"task": "governance.forget_old_calls", "schedule": crontab(hour="3", minute="50")},
    "read stored files again": {"task": "governance.verify_files", "schedule": crontab(hour="3", minute="30")},
    # Not kept while it waits: the next one does the same.
    "send notices": {
        "task": "governance.send_notices",
        "schedule": dt.timedelta(seconds=10),
        "options": {"expire_seconds": 10},
    },
    "write digests": {"task": "governance.queue_digests", "schedule": crontab(minute="*/5")},
    "sweep files that no row names": {
        "task": "governance.sweep_orphan_files",
        "schedule": crontab(hour="3", minute="50"),
    },
}

# --- mail and logs -----------------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="svtad@localhost")
#: Seconds that the mail server is given for each answer.
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)
#: After how many attempts an e-mail is given up: 72 are about three days.
NOTICE_MAX_ATTEMPTS = env.int("SVTAD_NOTICE_ATTEMPTS", default=72)
#: The largest document that goes with an e-mail: above it the e-mail says where the document is.
NOTICE_ATTACHMENT_MAX_BYTES = env.int("SVTAD_NOTICE_ATTACHMENT_MAX_BYTES", default=10 * 1024 * 1024)
#: Where people reach this, for the links in e-mails; without it they have none.
SITE_URL = env.str("SVTAD_URL", default="")
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(
    layout=env.str("LOG_FORMAT", default="console" if DEMO else "json"),
    level=env.str("LOG_LEVEL", default="INFO"),
)

# `@shared_task` binds to the app of the process: web, worker, beat and every management command have this one.
# It reads these settings only when it is first used.
import svtad.config.celery  # noqa: E402,F401
