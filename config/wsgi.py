import os

from django.core.wsgi import get_wsgi_application

from config.request_charset import refuse_unreadable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
application = refuse_unreadable(get_wsgi_application())
