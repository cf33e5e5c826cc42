"""Where mail providers tell what became of mails: `/anymail/<provider>/tracking/`, the address that anymail documents.

anymail's own views know each provider's signatures and words. They are used here one event at a time, for tracking
only, and never without a secret: by themselves they would take anything from anybody when none is configured.
"""

from collections.abc import Callable
from typing import Any

import structlog
from anymail import urls as anymail_urls
from anymail.exceptions import AnymailConfigurationError, AnymailError
from anymail.signals import AnymailTrackingEvent
from anymail.utils import get_anymail_setting
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.problems import DATABASE_UNAVAILABLE, RETRY_AFTER_SECONDS, problem_json
from emails.webhooks.events import Told, told_by
from emails.webhooks.recording import record_told

logger = structlog.get_logger(__name__)

PROVIDERS = {
    entry.name.removesuffix("_tracking_webhook"): entry.callback.view_class
    for entry in anymail_urls.urlpatterns
    if entry.name.endswith("_tracking_webhook")
}
# Holds the place of a secret where there is none, and is taken away again before anybody is asked for it.
NO_SECRET = "none"  # noqa: S105


@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def provider_events(request: HttpRequest, provider: str) -> HttpResponse:
    if provider not in PROVIDERS:
        return problem_json(404, "unknown_provider", f"Use one of these providers: {', '.join(sorted(PROVIDERS))}.")
    view = _guarded_view(provider)
    if view is None:
        return problem_json(
            403,
            "webhooks_closed",
            "Set ANYMAIL_WEBHOOK_SECRET, or the provider's signing key in ANYMAIL, to open this.",
        )
    if request.method == "HEAD":
        return HttpResponse()
    if view.basic_auth and "Authorization" not in request.headers:
        # Amazon's notifications bring the secret only when they are asked for it.
        headers = {"WWW-Authenticate": 'Basic realm="mail events"'}
        return problem_json(401, "secret_needed", "Send the webhook's user and password.", headers=headers)
    return _answer_of(view, request, provider)


def _answer_of(view: Any, request: HttpRequest, provider: str) -> HttpResponse:
    try:
        view.run_validators(request)
    except Exception as error:  # noqa: BLE001
        # Forged requests break the providers' code in ways of their own; none of them is let in.
        logger.warning("mail_webhook_refused", provider=provider, error=type(error).__name__)
        return problem_json(403, "not_signed", "Secret or signature do not fit: see how the webhook is configured.")
    try:
        events = _events_of(view, request, provider)
    except Exception as error:  # noqa: BLE001
        # As many errors as there are providers and ways to be wrong; the provider tells it again, or gives up.
        logger.warning("mail_webhook_unreadable", provider=provider, error=type(error).__name__)
        return problem_json(400, "unreadable", "This is not what the provider's tracking webhook is known to send.")
    return _kept(events, provider)


def _kept(events: list[Told], provider: str) -> HttpResponse:
    try:
        failed = record_told(events, at=timezone.now())
    except DATABASE_UNAVAILABLE:
        logger.exception("mail_webhook_database_unavailable", provider=provider)
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return problem_json(503, "unavailable", "The database cannot be reached: send it again.", headers=headers)
    if failed:
        return problem_json(500, "some_failed", "Some events could not be kept: send them all again.", failed=failed)
    return HttpResponse()


def _guarded_view(provider: str) -> Any | None:
    """anymail's view for one request; None when nothing would keep strangers out."""
    configured = get_anymail_setting("webhook_secret", default=None) or []
    # An empty one would let in whoever sends none.
    secrets = [secret for secret in ([configured] if isinstance(configured, str) else configured) if secret]
    try:
        view = PROVIDERS[provider](webhook_secret=secrets or [NO_SECRET])
    except (AnymailConfigurationError, AnymailError):
        # The provider's key, or a library for it, is not there.
        return None
    # It is false of the views that have, and insist on, a signing key.
    if not secrets and view.warn_if_no_basic_auth:
        return None
    view.basic_auth = secrets
    return view


def _events_of(view: Any, request: HttpRequest, provider: str) -> list[Told]:
    if read_one := getattr(view, "esp_to_anymail_event", None):
        view.esp_to_anymail_event = _by_itself(read_one, provider)
    events = [event for event in view.parse_events(request) if isinstance(event, AnymailTrackingEvent)]
    told = _by_itself(told_by, provider)
    return [known for event in events if (known := told(event)) is not None]


def _by_itself(read: Callable[..., Any], provider: str) -> Callable[..., Any]:
    """So that an event nobody can read costs no other of its batch."""

    def read_or_none(*arguments: Any) -> Any:
        try:
            return read(*arguments)
        except AnymailConfigurationError:
            # The wrong webhook leads here: for the operator, not for this event alone.
            raise
        except Exception as error:  # noqa: BLE001
            # Nobody will ever read it: answered as taken, so that the provider does not tell it for days.
            logger.warning("mail_event_unreadable", provider=provider, error=type(error).__name__)
            return None

    return read_or_none
