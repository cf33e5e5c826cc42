"""Addresses that mails and mail providers know. They stay as they are: mails are kept for years."""

from django.urls import path

from emails.preferences import views as preferences
from emails.tracking import views as tracking
from emails.webhooks import views as webhooks

urlpatterns = [
    path("mail/c/<str:name>/<str:number>", tracking.follow, name="mail-click"),
    path("mail/o/<str:name>.gif", tracking.picture, name="mail-open"),
    path("mail/preferences/<str:token>", preferences.preferences_page, name="mail-preferences"),
    path("mail/unsubscribe/<str:token>", preferences.unsubscribe_page, name="mail-unsubscribe"),
    path("anymail/<str:provider>/tracking/", webhooks.provider_events, name="mail-provider-events"),
]
