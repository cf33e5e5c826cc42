from config.settings.base import *  # noqa: F403
from config.settings.base import ENVIRONMENT_NAME, STORAGES

DEBUG = True
ALLOWED_HOSTS = ["*"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
ENVIRONMENT_NAME = ENVIRONMENT_NAME or "Development"
