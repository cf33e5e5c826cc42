from django.urls import URLPattern, URLResolver, path

from jobs.cron import CronView

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/cron/<slug:name>", CronView.as_view(), name="cron"),
]
