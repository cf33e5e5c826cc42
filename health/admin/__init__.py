"""The pages of the admin, a file for each subject."""

from health.admin import notice_preferences, operator_alerts  # noqa: F401 - register their models
