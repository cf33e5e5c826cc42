import pytest
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from emails.models import MailActivity
from emails.webhooks.events import Consequence, told_by


@pytest.mark.parametrize(
    ("reason", "consequence"),
    [
        (RejectReason.INVALID, Consequence.BOUNCED),
        (RejectReason.BOUNCED, Consequence.BOUNCED),
        (RejectReason.SPAM, Consequence.COMPLAINED),
        (RejectReason.UNSUBSCRIBED, Consequence.UNSUBSCRIBED),
        (RejectReason.BLOCKED, Consequence.NONE),
        (RejectReason.TIMED_OUT, Consequence.NONE),
        (RejectReason.OTHER, Consequence.NONE),
        (None, Consequence.NONE),
    ],
)
def test_a_refusal_stops_what_the_providers_list_says(reason: str | None, consequence: Consequence) -> None:
    told = told_by(AnymailTrackingEvent(event_type=EventType.REJECTED, reject_reason=reason))
    assert told is not None
    assert (told.kind, told.consequence) == (MailActivity.Kind.REJECTED, consequence)


@pytest.mark.parametrize(
    "kind",
    [EventType.QUEUED, EventType.SENT, EventType.AUTORESPONDED, EventType.SUBSCRIBED, EventType.UNKNOWN, "new", None],
)
def test_what_says_nothing_of_a_mails_fate_is_not_kept(kind: str | None) -> None:
    assert told_by(AnymailTrackingEvent(event_type=kind)) is None


def test_events_without_an_id_are_told_apart_by_what_they_say() -> None:
    keys = {
        told.event_key
        for facts in ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1}, None)
        if (told := told_by(AnymailTrackingEvent(event_type=EventType.OPENED, esp_event=facts)))
    }
    assert len(keys) == 3
