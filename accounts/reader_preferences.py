from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import Client


class ReaderPreferencesMiddleware:
    """Clients read in their own language and timezone, as far as they chose one. Stands inside of the tenancy.

    Else in the browser's language, and times of day in the organization's timezone; days are always the
    organization's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        client: Client | None = getattr(request, "client", None)
        if client is None:
            return self.get_response(request)
        language = client.language if client.language in dict(settings.LANGUAGES) else translation.get_language()
        zone = client.timezone or client.organization.timezone
        with translation.override(language), timezone.override(zone):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language or "")
        return response
