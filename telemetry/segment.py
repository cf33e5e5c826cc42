"""The Segment tracking shape, as the SDKs of Segment and RudderStack send it, in the product's own words."""

from collections.abc import Mapping
from typing import Any

from telemetry.event_types import BASE_TYPE_OF, OPERATIONAL_NAMES, EventType
from telemetry.incoming import ID_LENGTH, IncomingEvent
from telemetry.message_fields import (
    RejectedEventError,
    read_id,
    read_message_id,
    read_name,
    read_object,
    read_path,
    read_session,
    read_success,
    readable_duration,
)

VIEWS = ("page", "screen")
EMPTY: dict[str, Any] = {}


def from_segment(
    message: Mapping[str, Any], *, index: int, call: str | None, context: Mapping[str, Any], sent_at: Any
) -> IncomingEvent:
    """One message. `call` is what the route says; `context` and `sent_at` are those of the envelope.

    Raises RejectedEventError.
    """
    call = call or message.get("type")
    if not isinstance(call, str) or call not in READERS:
        raise RejectedEventError("type_unknown", f"type is none of {', '.join(READERS)}.")
    own_context = read_object(message.get("context"), field="context")
    merged = {**context, **own_context} if context else own_context
    facts = READERS[call](message, merged)
    sender = _sender(message, call, facts["name"])
    stated = message.get("originalTimestamp")
    return IncomingEvent(
        message_id=read_message_id(message.get("messageId")),
        call=call,
        **facts | sender,
        session_id=read_session(merged.get("sessionId")),
        stated_at=message.get("timestamp") if stated is None else stated,
        sent_at=message.get("sentAt") or sent_at,
        index=index,
    )


def _sender(message: Mapping[str, Any], call: str, name: str) -> dict[str, Any]:
    external_id = read_id(message.get("userId"), field="userId", code="user_id")
    anonymous_id = read_id(message.get("anonymousId"), field="anonymousId", code="anonymous_id")
    if call == "alias":
        return _alias(message, external_id, anonymous_id)
    if not external_id and not anonymous_id and name not in OPERATIONAL_NAMES:
        raise RejectedEventError("user_missing", "The event names nobody: give userId or anonymousId.")
    return {"external_id": external_id, "anonymous_id": anonymous_id}


def _alias(message: Mapping[str, Any], external_id: str, anonymous_id: str) -> dict[str, Any]:
    previous_id = read_id(message.get("previousId"), field="previousId", code="previous_id") or anonymous_id
    if not external_id or not previous_id:
        raise RejectedEventError("alias_incomplete", "An alias names both: previousId and userId.")
    return {"external_id": external_id, "anonymous_id": anonymous_id, "data": {"previousId": previous_id}}


def _track(message: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    name = read_name(message.get("event"), field="event")
    properties = read_object(message.get("properties"), field="properties")
    # Elsewhere a path may be that of a file.
    is_view = BASE_TYPE_OF.get(name) == EventType.PAGE_VIEW
    return _activity(name, properties, context, is_view=is_view)


def _view(message: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    properties = read_object(message.get("properties"), field="properties")
    titles = {key: message[key] for key in ("name", "category") if message.get(key) is not None}
    return _activity(EventType.PAGE_VIEW.value, titles | properties if titles else properties, context, is_view=True)


def _activity(name: str, data: dict[str, Any], context: Mapping[str, Any], *, is_view: bool) -> dict[str, Any]:
    page = context.get("page")
    page = page if isinstance(page, dict) else EMPTY
    own = (data.get("path"), data.get("url")) if is_view else ()
    duration = data.get("durationSeconds")
    return {
        "name": name,
        "data": data,
        "page_path": read_path(*own, page.get("path"), page.get("url")),
        "duration_seconds": readable_duration(data.get("duration_seconds") if duration is None else duration),
        "success": read_success(data.get("success"), name=name),
    }


def _identify(message: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": "identify", "data": _traits(message, context)}


def _group(message: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    group = read_id(message.get("groupId"), field="groupId", code="group_id")
    return {"name": "group", "data": {"groupId": group, "traits": _traits(message, {})}}


def _name_of_alias(message: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": "alias"}


def _traits(message: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    traits = read_object(context.get("traits"), field="context.traits") | read_object(
        message.get("traits"), field="traits"
    )
    if any(len(key) > ID_LENGTH for key in traits):
        raise RejectedEventError("trait_too_long", f"The name of a trait has over {ID_LENGTH} characters.")
    return traits


READERS = {
    "track": _track,
    "page": _view,
    "screen": _view,
    "identify": _identify,
    "group": _group,
    "alias": _name_of_alias,
}
