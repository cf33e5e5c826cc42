"""The address of the browser script that pages may keep for ever."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


@require_safe
@cache_control(public=True, max_age=3_600)
def track_script(request: HttpRequest) -> HttpResponse:
    """Where the file is now: there it is compressed and kept by browsers until it changes."""
    return redirect(static("telemetry/track.js"))
