"""Addresses below a client stand before the client's own: its id may hold slashes (see `addresses`)."""

from django.urls import path

from success.api import addresses  # noqa: F401 - registers how external ids are read
from success.api.churn import ChurnedClientsView, ChurnView
from success.api.client_scores import ClientScoresView, ExplainedScoreView
from success.api.client_success import ClientSuccessView
from success.api.clients import ClientsView, OneClientView
from success.api.consent import MailPreferencesView
from success.api.events import ClientEventsView
from success.api.feedback import FeedbackView
from success.api.insights import InsightsView, OneInsightView
from success.api.milestones import MilestoneDefinitionsView, MilestonesView
from success.api.scores import ScoresView
from success.api.tasks import OneTaskView, TaskOfClientView, TasksView

CLIENT = "api/v1/clients/<external_id:external_id>"

urlpatterns = [
    path("api/client/success", ClientSuccessView.as_view(), name="api-client-success"),
    path("api/v1/clients", ClientsView.as_view(), name="api-clients"),
    path(f"{CLIENT}/scores", ClientScoresView.as_view(), name="api-client-scores"),
    path(f"{CLIENT}/scores/<str:period_end>", ExplainedScoreView.as_view(), name="api-client-score"),
    path(f"{CLIENT}/events", ClientEventsView.as_view(), name="api-client-events"),
    path(f"{CLIENT}/churn", ChurnView.as_view(), name="api-client-churn"),
    path(f"{CLIENT}/mail-preferences", MailPreferencesView.as_view(), name="api-client-mail-preferences"),
    path(f"{CLIENT}/tasks/<external_id:task>", TaskOfClientView.as_view(), name="api-client-task"),
    path(CLIENT, OneClientView.as_view(), name="api-client"),
    path("api/v1/tasks", TasksView.as_view(), name="api-tasks"),
    path("api/v1/tasks/<str:task_id>", OneTaskView.as_view(), name="api-task"),
    path("api/v1/scores", ScoresView.as_view(), name="api-scores"),
    path("api/v1/insights", InsightsView.as_view(), name="api-insights"),
    path("api/v1/insights/<str:insight_id>", OneInsightView.as_view(), name="api-insight"),
    path("api/v1/milestones", MilestonesView.as_view(), name="api-milestones"),
    path("api/v1/milestone-definitions", MilestoneDefinitionsView.as_view(), name="api-milestone-definitions"),
    path("api/v1/feedback", FeedbackView.as_view(), name="api-feedback"),
    path("api/v1/churn", ChurnedClientsView.as_view(), name="api-churn"),
]
