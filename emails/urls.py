"""Addresses that mails and mail providers know. They stay as they are: mails are kept for years."""

from django.urls import path

from emails.tracking import views as tracking
from emails.webhooks import views as webhooks

urlpatterns = [
    path("mail/c/<str:name>/<str:number>", tracking.follow, name="mail-click"),
    path("mail/o/<str:name>.gif", tracking.picture, name="mail-open"),
    path("anymail/<str:provider>/tracking/", webhooks.provider_events, name="mail-provider-events"),
]
