"""Which mail a client wants is changed by links of mails, too, and `emails` tracks nothing: it tells."""

from typing import Any

from django.dispatch import receiver

from accounts.models import Client, Organization
from emails.signals import preferences_changed
from telemetry.tracking import track_settings_updated


@receiver(preferences_changed)
def track_mail_preferences(sender: Any, *, client: Client, **kwargs: Any) -> None:
    """Who was archived, or whose organization is closed, may still say no; that is no activity."""
    is_open = client.organization.status == Organization.Status.ACTIVE
    if is_open and client.status != Client.Status.ARCHIVED:
        track_settings_updated(client, data={"changed": ["mail"]})
