"""Tracking from inside of the application: it never breaks the page that tracks.

Events are recorded after the caller's transaction has committed, each in a transaction of its own. So what
was rolled back has not happened, a failure here cannot undo what the page did, and the rows of a day are
locked for moments only. An event whose process is killed between the two commits is lost.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from accounts.models import Client, Organization
from telemetry.event_types import EventType
from telemetry.incoming import IncomingEvent
from telemetry.native import from_native
from telemetry.recording import record_events

logger = logging.getLogger(__name__)


def track_event(
    client: Client | None,
    name: str,
    *,
    organization: Organization | int | None = None,
    data: Mapping[str, Any] | None = None,
    page_path: str = "",
    session_id: str = "",
    duration_seconds: float | None = None,
    success: bool | None = None,
    occurred_at: datetime | None = None,
    message_id: str | None = None,
) -> None:
    """Record what a client did or, without one, an operational event of the organization.

    Happened now unless `occurred_at` says otherwise; a success unless the name is that of a failure. The same
    `message_id` again changes nothing. Any error is logged with ids and raised nowhere.
    """
    received_at = datetime.now(UTC)
    organization_id = _organization_id(client, organization)
    client_id = client.pk if client else None
    try:
        if organization_id is None:
            raise ValueError("An event belongs to an organization: give a client or the organization.")  # noqa: TRY301
        event = from_native(
            {
                "messageId": message_id or str(uuid4()),
                "name": name,
                "clientId": client.external_id if client else None,
                "data": dict(data or {}),
                "path": page_path,
                "sessionId": session_id,
                "durationSeconds": duration_seconds,
                "success": success,
                "occurredAt": occurred_at or received_at,
            },
            index=0,
        )
    except Exception:
        logger.exception(
            "telemetry.tracking_failed", extra={"organization_id": organization_id, "client_id": client_id}
        )
        return
    transaction.on_commit(lambda: _record(organization_id, event, client_id, received_at=received_at))


def _organization_id(client: Client | None, organization: Organization | int | None) -> int | None:
    if client is not None:
        return client.organization_id
    return organization.pk if isinstance(organization, Organization) else organization


def _record(organization_id: int, event: IncomingEvent, client_id: int | None, *, received_at: datetime) -> None:
    try:
        recorded = record_events(organization_id, [event], received_at=received_at)
        if recorded.rejected or recorded.quarantined:
            logger.error(
                "telemetry.not_tracked",
                extra={"organization_id": organization_id, "client_id": client_id, "message_id": event.message_id},
            )
    except Exception:
        logger.exception(
            "telemetry.tracking_failed",
            extra={"organization_id": organization_id, "client_id": client_id, "message_id": event.message_id},
        )


def track_login(client: Client, **facts: Any) -> None:
    """`facts` are the keyword arguments of `track_event`, here and below."""
    track_event(client, EventType.LOGIN.value, **facts)


def track_page_view(client: Client, *, path: str, **facts: Any) -> None:
    track_event(client, EventType.PAGE_VIEW.value, page_path=path, **facts)


def track_task_completed(client: Client, **facts: Any) -> None:
    track_event(client, EventType.TASK_COMPLETED.value, **facts)


def track_content_generated(client: Client, **facts: Any) -> None:
    track_event(client, EventType.CONTENT_GENERATED.value, **facts)


def track_visual_created(client: Client, **facts: Any) -> None:
    track_event(client, EventType.VISUAL_CREATED.value, **facts)


def track_voice_interaction(client: Client, **facts: Any) -> None:
    track_event(client, EventType.VOICE_INTERACTION.value, **facts)


def track_insight_reviewed(client: Client, **facts: Any) -> None:
    track_event(client, EventType.INSIGHT_REVIEWED.value, **facts)


def track_export_downloaded(client: Client, **facts: Any) -> None:
    track_event(client, EventType.EXPORT_DOWNLOADED.value, **facts)


def track_settings_updated(client: Client, **facts: Any) -> None:
    track_event(client, EventType.SETTINGS_UPDATED.value, **facts)


def track_feedback_given(client: Client, **facts: Any) -> None:
    track_event(client, EventType.FEEDBACK_GIVEN.value, **facts)
