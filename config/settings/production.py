from django.core.exceptions import ImproperlyConfigured

from config.env import env
from config.logging import logging_settings
from config.settings.base import *  # noqa: F403
from config.settings.base import ALLOWED_HOSTS, BASE_URL, CRON_SECRET, DATABASES, SECRET_KEY

if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5:
    raise ImproperlyConfigured("SECRET_KEY must be at least 50 random characters.")
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts that this installation serves.")
if CRON_SECRET and len(CRON_SECRET) < 32:
    raise ImproperlyConfigured("CRON_SECRET must be at least 32 characters, or empty to close the cron endpoints.")
if not BASE_URL.startswith("https://"):
    raise ImproperlyConfigured("BASE_URL must be the https:// address of this installation.")
if DATABASES["default"]["USER"] == DATABASES["owner"]["USER"] and not env.bool("MIGRATING", default=False):
    raise ImproperlyConfigured("DATABASE_URL must be the serving role and DATABASE_OWNER_URL the owner: see docs.")

LOGGING = logging_settings(json=env.bool("LOG_JSON", default=True), level=env.str("LOG_LEVEL", default="INFO"))

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("TRUST_PROXY", default=False) else None
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
