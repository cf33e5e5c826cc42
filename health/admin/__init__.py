"""The pages of the admin, a file for each subject."""

from health.admin import alerts, clients, notice_preferences, operator_alerts, policies

__all__ = ["alerts", "clients", "notice_preferences", "operator_alerts", "policies"]
