from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from success.dashboard.views import success_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("success.api.urls")),
    path("client/dashboard/success", success_page, name="client-success"),
    path("client/", RedirectView.as_view(pattern_name="client-success")),
    path("client/dashboard", RedirectView.as_view(pattern_name="client-success")),
]
