from django.urls import URLPattern, URLResolver, path

from health.api import steps
from health.api.alerts import AlertsView, BadgeView, OneAlertView
from health.notices.views import stop_page

ALERT = "api/v1/alerts/<str:alert_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/alerts", AlertsView.as_view(), name="api-alerts"),
    path("api/v1/alerts/badge", BadgeView.as_view(), name="api-alerts-badge"),
    path(ALERT, OneAlertView.as_view(), name="api-alert"),
    path(f"{ALERT}/acknowledge", steps.AcknowledgeView.as_view(), name="api-alert-acknowledge"),
    path(f"{ALERT}/assign", steps.AssignView.as_view(), name="api-alert-assign"),
    path(f"{ALERT}/snooze", steps.SnoozeView.as_view(), name="api-alert-snooze"),
    path(f"{ALERT}/wake", steps.WakeView.as_view(), name="api-alert-wake"),
    path(f"{ALERT}/resolve", steps.ResolveView.as_view(), name="api-alert-resolve"),
    path(f"{ALERT}/reopen", steps.ReopenView.as_view(), name="api-alert-reopen"),
    path(f"{ALERT}/note", steps.NoteView.as_view(), name="api-alert-note"),
    path(f"{ALERT}/judge", steps.JudgeView.as_view(), name="api-alert-judge"),
    path("mail/notices/<str:token>", stop_page, name="notice-stop"),
]
