from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("telemetry.urls")),
    path("", include("success.urls")),
    path("", include("jobs.urls")),
    path("", include("accounts.urls")),
    path("admin/", admin.site.urls),
]
