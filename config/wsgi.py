import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config.request_charset import refuse_unreadable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
application = refuse_unreadable(get_wsgi_application())
# Else the first request of each process would wait a second or two until all views are imported.
get_resolver().url_patterns  # noqa: B018 - reading is what imports them
