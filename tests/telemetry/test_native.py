from typing import Any

import pytest

from telemetry.incoming import IncomingEvent
from telemetry.message_fields import RejectedEventError
from telemetry.native import from_native


def test_an_event_of_the_products_own_shape() -> None:
    message = {
        "messageId": "m",
        "clientId": 42,
        "anonymousId": "a",
        "name": "task_completed",
        "occurredAt": "o",
        "sentAt": "s",
        "data": {"taskId": 1},
        "path": "/tasks?x",
        "sessionId": 9,
        "durationSeconds": 1.5,
        "success": False,
    }
    assert from_native(message, index=3) == IncomingEvent(
        message_id="m",
        name="task_completed",
        external_id="42",
        anonymous_id="a",
        data={"taskId": 1},
        page_path="/tasks",
        session_id="9",
        duration_seconds=1.5,
        success=False,
        stated_at="o",
        sent_at="s",
        index=3,
    )


@pytest.mark.parametrize("key", ["name", "event", "type"])
def test_the_name_goes_by_three_keys(key: str) -> None:
    assert from_native({"clientId": "c", key: "login"}, index=0).name == "login"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "login"}, "client_missing"),
        ({"clientId": "c"}, "name_missing"),
        ({"clientId": "c", "name": "x", "data": []}, "data_invalid"),
        ({"clientId": "c", "name": "x", "durationSeconds": "1"}, "duration_invalid"),
        ({"clientId": "c", "name": "x", "durationSeconds": -1}, "duration_invalid"),
        ({"clientId": "c", "name": "x", "success": "yes"}, "success_invalid"),
        ({"clientId": "c" * 256, "name": "x"}, "client_id_too_long"),
        ({"clientId": [], "name": "x"}, "client_id_invalid"),
    ],
)
def test_what_cannot_be_an_event_is_rejected_with_its_code(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(RejectedEventError) as rejected:
        from_native(fields, index=0)
    assert rejected.value.code == code
