from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import api  # noqa: F401 - registers how keys are described

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("telemetry.urls")),
    path("", include("success.urls")),
    path("", include("health.urls")),
    path("", include("emails.urls")),
    path("", include("jobs.urls")),
    path("", include("accounts.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="api-docs"),
    path("admin/", admin.site.urls),
]

handler400 = "config.errors.not_understood"
handler404 = "config.errors.not_found"
handler500 = "config.errors.failed"
