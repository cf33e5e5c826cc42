"""Production's code paths over plain HTTP on loopback, and no rate limit in the way of the measurement."""

from config.logging import logging_settings
from config.settings.base import *  # noqa: F403
from config.settings.base import STORAGES

ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
INGEST_REQUESTS_PER_SECOND = 1_000_000
INGEST_REQUESTS_BURST = 1_000_000
LOGGING = logging_settings(json=False, level="WARNING")
