"""What every installation shares. dev, test and production only add to it."""

import logging
from pathlib import Path

import django_stubs_ext

from config import schedules, unfold
from config.connection_options import CONNECTION_OPTIONS
from config.env import broker_url, cache_url, database, email, env
from config.logging import logging_settings

# Lets annotations such as ModelForm[Any] be evaluated.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent.parent

SECRET_KEY = env.str("SECRET_KEY")
# Former ones: links in mails that were sent under them go on working.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = False
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
BASE_URL = env.str("BASE_URL", default="http://localhost:8000").rstrip("/")
# Shown in the admin's head, so that nobody mistakes one installation for another.
ENVIRONMENT_NAME = env.str("ENVIRONMENT_NAME", default="")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "accounts.admin_config.MainstayAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "rest_framework",
    "accounts",
    "jobs",
    "emails",
    "telemetry",
    "success",
    "health",
]

MIDDLEWARE = [
    "jobs.probes.Probes",
    "accounts.unavailable.DatabaseWatch",
    "telemetry.middleware.StraightToTelemetry",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.content_security.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.TenancyMiddleware",
    "accounts.seat_timezone.SeatTimezoneMiddleware",
    "accounts.reader_preferences.ReaderPreferencesMiddleware",
    "telemetry.product_events.ClientPageViews",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.request_log.RequestLog",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

TEMPLATES = [
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

# `default` serves: a role without ownership, so that row-level security binds it. `owner` migrates.
DATABASES = {
    "default": database(env.str("DATABASE_URL")),
    "owner": database(env.str("DATABASE_OWNER_URL", default=env.str("DATABASE_URL"))),
}
DATABASES["default"] |= {
    # Django's own, which refuses connections to requests that waited for a silent server.
    "ENGINE": "accounts.postgresql",
    "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE", default=600),
    "CONN_HEALTH_CHECKS": True,
}
for settings in DATABASES.values():
    settings["OPTIONS"] = CONNECTION_OPTIONS | settings.get("OPTIONS", {})
DATABASE_ROUTERS = ["config.database_router.OneDatabase"]

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": cache_url(REDIS_URL),
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    },
}
UNFOLD = unfold.UNFOLD
ADMIN_NAVIGATION = unfold.ADMIN_NAVIGATION

SESSION_ENGINE = "django.contrib.sessions.backends.db"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "client-sign-in"
LOGIN_REDIRECT_URL = "client-success"

LANGUAGE_CODE = "en"
# Those with a translation: a page in two languages at once reads badly, aloud above all.
LANGUAGES = [("en", "English"), ("en-gb", "British English"), ("de", "Deutsch")]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# PostgreSQL keeps every truth; a Celery message only says "look". So results are not kept and a lost
# or doubled message costs nothing.
CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 280
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_limit": 100,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    "health_check_interval": 10,
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SYNC_EVERY = 1
CELERY_TIMEZONE = "UTC"

# Without EMAIL_URL mails become files that can be opened. EMAIL_BACKEND and ANYMAIL choose a provider instead.
MAIL = email(env.str("EMAIL_URL", default=f"filemail://{BASE_DIR}/.run/mail"))
# Those of ours know more of what became of a mail.
OWN_MAIL_BACKENDS = {
    "django.core.mail.backends.smtp.EmailBackend": "emails.backends.smtp.EmailBackend",
    "django.core.mail.backends.filebased.EmailBackend": "emails.backends.files.EmailBackend",
}
EMAIL_BACKEND = env.str("EMAIL_BACKEND", default=OWN_MAIL_BACKENDS.get(MAIL["EMAIL_BACKEND"], MAIL["EMAIL_BACKEND"]))
EMAIL_FILE_PATH = MAIL["EMAIL_FILE_PATH"]
EMAIL_HOST = MAIL["EMAIL_HOST"] or "localhost"
EMAIL_PORT = MAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER = MAIL["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = MAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = MAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)
ANYMAIL: dict[str, object] = {"REQUESTS_TIMEOUT": EMAIL_TIMEOUT} | env.json("ANYMAIL", default={})
# user:password of the providers' webhooks, several while one is being replaced. Without any, and without a provider's
# own signing key in ANYMAIL, they are closed.
ANYMAIL_WEBHOOK_SECRET = env.list("ANYMAIL_WEBHOOK_SECRET", default=[])
# Whether links in mail to clients lead by way of our own, and whether a picture tells of opening: on, clicks or off.
MAIL_TRACKING = env.str("MAIL_TRACKING", default="on", choices=("on", "clicks", "off"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Mainstay <mainstay@localhost>")
# Connections to the provider that a worker sends over at once, and how many workers do so in the same minute.
MAIL_SENDERS = env.int("MAIL_SENDERS", default=4)
MAIL_WORKERS = env.int("MAIL_WORKERS", default=4)
# How long a sender has a mail before it is taken for dead: longer than a call to the provider may take.
MAIL_LEASE_SECONDS = env.int("MAIL_LEASE_SECONDS", default=90)
# How long after a passing failure a mail is tried again; each further time twice as long, up to an hour.
MAIL_FIRST_RETRY_SECONDS = env.int("MAIL_FIRST_RETRY_SECONDS", default=60)

JOBS = schedules.JOBS
CLOCK_TASKS = schedules.CLOCK_TASKS
CRON_SECRET = env.str("CRON_SECRET", default="")
# How long a cron endpoint works and waits for a run to end before it answers with what there is.
CRON_WAIT_SECONDS = env.int("CRON_WAIT_SECONDS", default=540)
ENABLE_SUCCESS_CRONS = env.bool("ENABLE_SUCCESS_CRONS", default=True)

LOGGING = logging_settings(json=env.bool("LOG_JSON", default=False), level=env.str("LOG_LEVEL", default="INFO"))
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
# One line a request, when it is answered.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.SecretKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api_throttle.SenderThrottle"],
    "EXCEPTION_HANDLER": "accounts.problems.problem_response",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Mainstay",
    "DESCRIPTION": "Events in, explained scores out. See /api/docs/ for how to authenticate.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "AlertKind": "health.models.Alert.Kind",
        "AlertStatus": "health.models.Alert.Status",
        "ClientStatus": "accounts.models.Client.Status",
        "FeedbackKind": "success.models.Feedback.Kind",
        "InsightStatus": "success.models.Insight.Status",
        "TaskStatus": "success.models.Task.Status",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api_tracking.describe_tracking",
        "config.api_problems.describe_problems",
    ],
}

# Of the REST API, by key, or by person where a session will do. Each web process counts for itself.
API_REQUESTS_PER_SECOND = env.int("API_REQUESTS_PER_SECOND", default=100)
API_REQUESTS_BURST = env.int("API_REQUESTS_BURST", default=1_000)

# Look for milestones when an event arrives, in a thread of each web process; else only at night.
MILESTONES_AT_ONCE = env.bool("MILESTONES_AT_ONCE", default=True)

# Events received before so many whole months are dropped; daily activity stays. None keeps them for ever. A message
# is known by its id for as long: sent again after its month was dropped, it counts a second time.
EVENT_RETENTION_MONTHS = env.int("EVENT_RETENTION_MONTHS", default=None)

# Each web process counts for itself. Requests are limited by key, failed sign-ins with a key by address.
INGEST_REQUESTS_PER_SECOND = env.int("INGEST_REQUESTS_PER_SECOND", default=2_000)
INGEST_REQUESTS_BURST = env.int("INGEST_REQUESTS_BURST", default=4_000)
INGEST_FAILURES_PER_SECOND = env.int("INGEST_FAILURES_PER_SECOND", default=20)
INGEST_FAILURES_BURST = env.int("INGEST_FAILURES_BURST", default=200)
# How long a request with events waits for a database that is alive but slow, before it is told to come again.
INGEST_DATABASE_SECONDS = env.float("INGEST_DATABASE_SECONDS", default=10.0)
