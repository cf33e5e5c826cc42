import os

from config.env import cache_url
from config.logging import logging_settings
from config.settings.base import *  # noqa: F403
from config.settings.base import CACHES, REDIS_URL, STORAGES

# Each process of the tests has a database of the cache, which it may empty.
PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 15 + 1
CACHES["default"]["LOCATION"] = cache_url(f"{REDIS_URL}{'&' if '?' in REDIS_URL else '?'}db={PROCESS}")

ALLOWED_HOSTS = ["*"]
CRON_SECRET = "cron-secret-of-the-tests"
# A thread of one test would work on the rows of the next; those about it switch it on.
MILESTONES_AT_ONCE = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# In the test's own thread, which alone sees what its transaction wrote.
MAIL_SENDERS = 1
CELERY_BROKER_URL = "memory://localhost/"
LOGGING = logging_settings(json=False, level="WARNING")
# From where they lie: the tests collect no static files.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
