from django.urls import URLPattern, URLResolver, re_path

from telemetry import views
from telemetry.receiving import NATIVE, SEGMENT, Route
from telemetry.script import track_script

CALLS = {
    "track|t": "track",
    "page|p": "page",
    "screen|s": "screen",
    "identify|i": "identify",
    "group|g": "group",
    "alias|a": "alias",
}
batch = views.receiving_view(Route(SEGMENT, key="batch"))
native = views.receiving_view(Route(NATIVE, key="events", is_native=True))

# With and without the last slash, because a redirect would lose the body.
urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^v1/(?:batch|b)/?\Z", batch, name="segment-batch"),
    re_path(r"^beacon/v1/batch/?\Z", batch, name="rudderstack-beacon"),
    *(
        re_path(rf"^v1/(?:{paths})/?\Z", views.receiving_view(Route(SEGMENT, call=call)), name=f"segment-{call}")
        for paths, call in CALLS.items()
    ),
    re_path(r"^api/v1/events/?\Z", native, name="events"),
    re_path(r"^v1/projects/(?P<key>[^/]{1,200})/settings/?\Z", views.project_settings, name="segment-settings"),
    re_path(r"^sourceConfig/?\Z", views.source_config, name="rudderstack-source-config"),
    re_path(r"^track\.js\Z", track_script, name="track-script"),
]
