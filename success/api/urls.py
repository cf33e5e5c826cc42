from django.urls import path

from success.api.client_scores import ClientScoresView, ExplainedScoreView
from success.api.client_success import ClientSuccessView

urlpatterns = [
    path("api/client/success", ClientSuccessView.as_view(), name="api-client-success"),
    path("api/v1/clients/<path:external_id>/scores", ClientScoresView.as_view(), name="api-client-scores"),
    path(
        "api/v1/clients/<path:external_id>/scores/<str:period_end>",
        ExplainedScoreView.as_view(),
        name="api-client-score",
    ),
]
