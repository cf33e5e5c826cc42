"""An organization's days follow its timezone: when that changes, its activity is derived anew."""

from typing import Any

from accounts.models import Organization
from accounts.tenancy import organization_scope
from telemetry.rebuilding import rebuild_activity

NOTED = "_timezone_before"


def note_timezone(sender: Any, instance: Organization, raw: bool = False, **kwargs: Any) -> None:
    """Receives `pre_save`: what the timezone was."""
    before = Organization.objects.filter(pk=instance.pk).values_list("timezone", flat=True).first()
    setattr(instance, NOTED, None if raw else before)


def follow_timezone(sender: Any, instance: Organization, **kwargs: Any) -> None:
    """Receives `post_save`: in the same transaction, so that no day is ever counted by two timezones.

    Days whose events were dropped stay as they were.
    """
    before = getattr(instance, NOTED, None)
    if before is not None and str(before) != str(instance.timezone):
        with organization_scope(instance.pk):
            rebuild_activity(instance.pk)
