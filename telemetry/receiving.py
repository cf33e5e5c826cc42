"""One request with events: key, gate, words, recording, answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import ApiKey
from accounts.problems import problem_json
from accounts.rate_limits import RateLimit
from telemetry.gate import LARGEST_BODY, Envelope, RefusedRequestError, decode_body, read_many, read_one, too_large
from telemetry.incoming import IncomingEvent, Recorded, Rejection
from telemetry.message_fields import RejectedEventError
from telemetry.native import from_native
from telemetry.origins import is_allowed
from telemetry.recording import record_events
from telemetry.segment import from_segment
from telemetry.write_keys import KeyChangedError, SendingKey, find_sending_key, known_sending_key, secret_of

MOST_LISTED = 100
Words = Callable[[Mapping[str, Any], int], IncomingEvent]


@dataclass(frozen=True, slots=True)
class Route:
    """What a path takes: `key` names the list of events, `call` is the one call that it stands for."""

    kinds: frozenset[str]
    key: str = ""
    call: str | None = None
    is_native: bool = False


SEGMENT = frozenset({ApiKey.Kind.WRITE.value})
NATIVE = frozenset({ApiKey.Kind.WRITE.value, ApiKey.Kind.SECRET.value})


def receive(request: HttpRequest, route: Route, *, received_at: datetime) -> HttpResponse:
    """Record the request's events and answer after commit. Raises RefusedRequestError."""
    secret = secret_of(request, {})
    key = authenticate(request, secret, route.kinds, find=known_sending_key, as_of=received_at) if secret else None
    envelope, is_lone = _read(decode_body(_body(request)), route)
    if key is None:
        fields = envelope.fields or (envelope.items[0].value if is_lone and envelope.items else {})
        secret = secret_of(request, fields)
        key = authenticate(request, secret, route.kinds, find=known_sending_key, as_of=received_at)
    events, rejected = _in_own_words(envelope, _words(request, route, envelope.fields))
    if not events:
        # Nothing will be recorded that would compare the key.
        key = authenticate(request, secret, route.kinds, as_of=received_at)
    try:
        recorded = record_events(key.organization_id, events, received_at=received_at, key=key)
    except KeyChangedError:
        key = authenticate(request, secret, route.kinds, find=find_sending_key, as_of=received_at)
        recorded = record_events(key.organization_id, events, received_at=received_at, key=key)
    recorded += Recorded(rejected=rejected)
    return _refusal(recorded.rejected[0]) if is_lone and recorded.rejected else _answer(recorded)


def authenticate(
    request: HttpRequest,
    secret: str,
    kinds: frozenset[str],
    *,
    as_of: datetime,
    find: Callable[..., SendingKey | None] = find_sending_key,
) -> SendingKey:
    key = find(secret, as_of=as_of) if secret else None
    if key is None or key.kind not in kinds:
        wait = failures().wait_seconds(request.META.get("REMOTE_ADDR"))
        raise _too_many(wait) if wait else _unknown_key()
    if not is_allowed(request, key.allowed_origins):
        raise RefusedRequestError(403, "origin_not_allowed", "This key does not take events from this web page.")
    if wait := requests().wait_seconds(key.id):
        raise _too_many(wait)
    return key


@cache
def requests() -> RateLimit:
    return RateLimit(per_second=settings.INGEST_REQUESTS_PER_SECOND, burst=settings.INGEST_REQUESTS_BURST)


@cache
def failures() -> RateLimit:
    return RateLimit(per_second=settings.INGEST_FAILURES_PER_SECOND, burst=settings.INGEST_FAILURES_BURST)


def _unknown_key() -> RefusedRequestError:
    # Not Basic: that would open a browser's password dialog on the sender's page.
    return RefusedRequestError(
        401,
        "key_invalid",
        "This is no valid key for sending events: make one in the admin under API keys.",
        headers={"WWW-Authenticate": 'Bearer realm="events"'},
    )


def _too_many(wait: int) -> RefusedRequestError:
    return RefusedRequestError(
        429, "too_many_requests", "Too many requests: send again later.", headers={"Retry-After": str(wait)}
    )


def _body(request: HttpRequest) -> bytes:
    """The bytes, never more than the cap and one. A body without a length comes in pieces."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and int(length) > LARGEST_BODY:
        raise too_large()
    if request.META.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked" and not length:
        return bytes(request.environ["wsgi.input"].read(LARGEST_BODY + 1))  # type: ignore[attr-defined]
    return request.read(LARGEST_BODY + 1)


def _read(text: str, route: Route) -> tuple[Envelope, bool]:
    """The events, and whether the body is one event itself."""
    if not route.key:
        return read_one(text), True
    envelope = read_many(text, key=route.key)
    if envelope.items is not None:
        return envelope, False
    if not route.is_native:
        raise RefusedRequestError(400, "batch_missing", f"The body has no list under {route.key!r}.")
    return read_one(text), True


def _words(request: HttpRequest, route: Route, fields: Mapping[str, Any]) -> Words:
    sent_at = fields.get("sentAt") or request.headers.get("SentAt")
    if route.is_native:
        return lambda message, index: from_native(message, index=index, sent_at=sent_at)
    context = fields.get("context")
    context = context if isinstance(context, dict) else {}
    return lambda message, index: from_segment(message, index=index, call=route.call, context=context, sent_at=sent_at)


def _in_own_words(envelope: Envelope, words: Words) -> tuple[list[IncomingEvent], list[Rejection]]:
    events: list[IncomingEvent] = []
    rejected: list[Rejection] = []
    for index, item in enumerate(envelope.items or []):
        if item.flaw:
            rejected.append(Rejection(index, *item.flaw))
            continue
        try:
            events.append(words(item.value, index))
        except RejectedEventError as error:
            rejected.append(Rejection(index, error.code, error.message))
    return events, rejected


def _refusal(rejection: Rejection) -> HttpResponse:
    return problem_json(400, rejection.code, rejection.message, index=rejection.index)


def _answer(recorded: Recorded) -> HttpResponse:
    body: dict[str, Any] = {
        "success": True,
        "accepted": recorded.accepted,
        "duplicate": recorded.duplicate,
        "quarantined": recorded.quarantined,
        "rejected": recorded.rejected[:MOST_LISTED],
    }
    if len(recorded.rejected) > MOST_LISTED:
        body["rejectedNotListed"] = len(recorded.rejected) - MOST_LISTED
    return HttpResponse(msgspec.json.encode(body), content_type="application/json")
