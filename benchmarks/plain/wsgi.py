"""The plain views behind the product's own middleware."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
settings.ROOT_URLCONF = "benchmarks.plain.ingest"
application = get_wsgi_application()
