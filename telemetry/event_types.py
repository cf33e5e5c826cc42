"""The names that the product knows. An organization adds its own in the admin (`EventName`)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventType(models.TextChoices):
    """Base types: each is a counter of daily activity."""

    LOGIN = "login", _("Login")
    PAGE_VIEW = "page_view", _("Page view")
    TASK_COMPLETED = "task_completed", _("Task completed")
    CONTENT_GENERATED = "content_generated", _("Content generated")
    VISUAL_CREATED = "visual_created", _("Visual created")
    VOICE_INTERACTION = "voice_interaction", _("Voice interaction")
    INSIGHT_REVIEWED = "insight_reviewed", _("Insight reviewed")
    EXPORT_DOWNLOADED = "export_downloaded", _("Export downloaded")
    SETTINGS_UPDATED = "settings_updated", _("Settings updated")
    FEEDBACK_GIVEN = "feedback_given", _("Feedback given")


class Category(models.TextChoices):
    ENGAGEMENT = "engagement", _("Engagement")
    OPERATIONAL = "operational", _("Operational")
    FACTS = "facts", _("Facts about a client")


EXTENDED_NAMES = {
    "dashboard_page_view": EventType.PAGE_VIEW,
    "audit_created": EventType.TASK_COMPLETED,
    "roadmap_updated": EventType.TASK_COMPLETED,
    "voice_command_issued": EventType.VOICE_INTERACTION,
    "review_pack_created": EventType.CONTENT_GENERATED,
    "time_logged": EventType.TASK_COMPLETED,
    "financial_report_viewed": EventType.PAGE_VIEW,
    "launch_kit_viewed": EventType.PAGE_VIEW,
}
BASE_TYPE_OF = {str(name): name for name in EventType} | EXTENDED_NAMES
LAUNCH_KIT_VIEWED = "launch_kit_viewed"

OPERATIONAL_NAMES = frozenset(
    {
        "signup_started",
        "signup_completed",
        "signup_failed",
        "application_submitted",
        "application_approved",
        "application_rejected",
        "invite_sent",
        "invite_accepted",
        "invite_expired",
        "email_sent",
        "email_failed",
        "dashboard_login",
        "profile_updated",
        "api_error",
        "feature_used",
    }
)
FAILURES = frozenset({"signup_failed", "email_failed", "api_error", "application_rejected", "invite_expired"})
