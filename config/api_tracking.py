"""The tracking endpoints in the API's documentation. They are plain views, which no generator can read."""

from typing import Any

TEXT = {"type": "string"}
TIME = {"type": "string", "format": "date-time"}
COUNT = {"type": "integer"}
DATA = {"type": "object", "additionalProperties": True}

EVENT = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": TEXT | {"maxLength": 255, "description": "A base type, an extended name, or any name of your own."},
        "clientId": TEXT | {"maxLength": 255, "description": "Your own id of the client; unknown ones are created."},
        "anonymousId": TEXT | {"maxLength": 255, "description": "In place of clientId, until the client is known."},
        "messageId": TEXT | {"maxLength": 128, "description": "Sent again, the event counts once."},
        "occurredAt": TIME | {"description": "When it happened; now when it is left out."},
        "data": DATA,
        "path": TEXT | {"description": "The page."},
        "sessionId": TEXT,
        "durationSeconds": {"type": "number", "minimum": 0},
        "success": {"type": "boolean"},
    },
}
RECORDED = {
    "type": "object",
    "required": ["success", "accepted", "duplicate", "quarantined", "rejected"],
    "properties": {
        "success": {"type": "boolean"},
        "accepted": COUNT,
        "duplicate": COUNT,
        "quarantined": COUNT,
        "rejected": {
            "type": "array",
            "items": {"type": "object", "properties": {"index": COUNT, "code": TEXT, "message": TEXT}},
        },
    },
}
MESSAGE = {
    "type": "object",
    "additionalProperties": True,
    "description": "A message in Segment's shape: type, userId or anonymousId, event, properties, traits, …",
}
SCHEMAS = {"Event": EVENT, "Recorded": RECORDED, "SegmentMessage": MESSAGE}
WRITE_KEY = {
    "type": "http",
    "scheme": "basic",
    "description": "A write key as user name, without a password, as tracking SDKs send it; or as Bearer.",
}
PROBLEMS = {
    "400": "The body cannot be read.",
    "401": "This is no valid key.",
    "403": "The key does not take events from this web page.",
    "413": "The body is too large.",
    "429": "Too many requests: wait for Retry-After.",
}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_under(key: str, name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"type": "array", "items": _ref(name), "maxItems": 1_000}, "sentAt": TIME},
    }


def _post(operation_id: str, summary: str, body: dict[str, Any], *, keys: tuple[str, ...]) -> dict[str, Any]:
    done = {"description": "Recorded, durably.", "content": {"application/json": {"schema": _ref("Recorded")}}}
    return {
        "post": {
            "operationId": operation_id,
            "summary": summary,
            "tags": ["events"],
            "security": [{key: []} for key in keys],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {"200": done} | {status: {"description": text} for status, text in PROBLEMS.items()},
        }
    }


def describe_tracking(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    one_or_many = {"oneOf": [_ref("Event"), _list_under("events", "Event"), {"type": "array", "items": _ref("Event")}]}
    result["paths"] |= {
        "/api/v1/events": _post(
            "record_events", "Record one event or many", one_or_many, keys=("writeKey", "secretKey")
        ),
        "/v1/batch": _post(
            "record_batch",
            "Record what tracking SDKs send, in Segment's shape",
            _list_under("batch", "SegmentMessage"),
            keys=("writeKey",),
        ),
    }
    components = result.setdefault("components", {})
    components.setdefault("schemas", {}).update(SCHEMAS)
    components.setdefault("securitySchemes", {})["writeKey"] = WRITE_KEY
    return result
