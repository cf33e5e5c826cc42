from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from success.client_access import views as access
from success.dashboard import actions
from success.dashboard.views import success_page
from success.evidence.views import events_page
from success.feedback.views import client_feedback, decline_client_feedback, feedback_by_link

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("success.api.urls")),
    path("client/dashboard/success", success_page, name="client-success"),
    path("client/dashboard/success/events", events_page, name="client-events"),
    path("client/insights/<str:insight_id>/read", actions.read, name="client-insight-read"),
    path("client/insights/<str:insight_id>/dismiss", actions.dismiss, name="client-insight-dismiss"),
    path("client/insights/<str:insight_id>/act", actions.act, name="client-insight-act"),
    path("client/tasks/<str:task_id>/complete", actions.complete, name="client-task-complete"),
    path("client/tasks/<str:task_id>/reopen", actions.reopen, name="client-task-reopen"),
    path("client/milestones/celebrated", actions.celebrated, name="client-milestones-celebrated"),
    path("client/milestones/new", actions.new_milestones, name="client-milestones-new"),
    path("client/feedback", client_feedback, name="client-feedback"),
    path("client/feedback/decline", decline_client_feedback, name="client-feedback-decline"),
    path("feedback/<str:token>", feedback_by_link, name="feedback-link"),
    path("client/forgotten-password", access.forgotten_password, name="client-forgotten-password"),
    path("client/forgotten-password/sent", access.password_link_sent, name="client-password-link-sent"),
    path("client/password", access.change_password, name="client-password"),
    path("client/preferences", access.preferences, name="client-preferences"),
    path("invitation/<token>", access.invitation_page, name="client-invitation"),
    path("client/", RedirectView.as_view(pattern_name="client-success")),
    path("client/dashboard", RedirectView.as_view(pattern_name="client-success")),
]
