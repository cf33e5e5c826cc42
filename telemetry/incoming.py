"""One message in the product's own words, whichever way it came in, and what became of a set of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

MESSAGE_ID_LENGTH = 128
ID_LENGTH = 255
NAME_LENGTH = 255
PATH_LENGTH = 2_048
LONGEST_DURATION = 999_999_999

# What a sender says of a time: text, a number of seconds or milliseconds since 1970, or a datetime.
StatedTime = str | int | float | datetime | None


class IncomingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A message that has passed the gate. `external_id` names the client, else `anonymous_id` may.

    `stated_at` and `sent_at` are what the sender's clock said; `telemetry.event_times` makes the event's
    time of them. An alias has the former id in its data, as previousId. `received_at` is given when the
    message came in earlier than now. `index` is its place in the request.
    """

    message_id: str
    name: str
    call: str = "track"
    external_id: str = ""
    anonymous_id: str = ""
    data: Mapping[str, Any] = {}
    page_path: str = ""
    session_id: str = ""
    duration_seconds: float | None = None
    success: bool = True
    stated_at: StatedTime = None
    sent_at: StatedTime = None
    received_at: datetime | None = None
    index: int = 0


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the message at `index` of a request was not taken."""

    index: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of the messages: every one is counted in exactly one of the four."""

    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    rejected: list[Rejection] = field(default_factory=list)

    def __add__(self, other: "Recorded") -> "Recorded":
        return Recorded(
            self.accepted + other.accepted,
            self.duplicate + other.duplicate,
            self.quarantined + other.quarantined,
            sorted(self.rejected + other.rejected, key=lambda rejection: rejection.index),
        )
