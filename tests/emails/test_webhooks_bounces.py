from typing import Any

import pytest

from emails.webhooks.bounces import is_permanent


@pytest.mark.parametrize(
    ("told", "response"),
    [
        ({"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1}, "smtp;550 5.1.1 unknown user"),
        ({"event": "bounce", "type": "bounce", "status": "5.1.1", "bounce_classification": "Invalid Address"}, ""),
        ({"event": "hard_bounce", "reason": "550 5.1.1 no such user"}, "550 5.1.1 no such user"),
        ({"event": "invalid_email"}, ""),
        ({"event": "bounce", "hard_bounce": True, "blocked": False, "error": "user unknown"}, ""),
        ({"event": "hard_bounce", "msg": {"state": "bounced"}}, ""),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Permanent", "bounceSubType": "General"}}, ""),
        ({"type": "email.bounced", "data": {"bounce": {"type": "Permanent", "subType": "Suppressed"}}}, ""),
        ({"msys": {"message_event": {"type": "bounce", "bounce_class": "10"}}}, ""),
        ({"event-data": {"event": "failed", "severity": "permanent", "reason": "bounce"}}, "No such mailbox"),
        # No word for it at all, and a subject that reads like one.
        ({"subject": "Soft launch", "tags": ["temporary"]}, "550 not here"),
    ],
)
def test_an_address_that_is_no_good(told: Any, response: str) -> None:
    assert is_permanent(told=told, response=response)


@pytest.mark.parametrize(
    ("told", "response"),
    [
        ({"RecordType": "Bounce", "Type": "SoftBounce", "TypeCode": 4096}, ""),
        ({"event": "bounce", "type": "blocked", "status": "5.7.1"}, ""),
        ({"event": "soft_bounce", "reason": "mailbox full"}, ""),
        ({"event": "bounce", "hard_bounce": False, "blocked": False}, ""),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Transient", "bounceSubType": "MailboxFull"}}, ""),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Undetermined"}}, ""),
        ({"type": "email.bounced", "data": {"bounce": {"type": "Transient"}}}, ""),
        ({"type": "activity.soft_bounced"}, ""),
        ({"event": "soft bounce"}, ""),
        ({"msys": {"message_event": {"type": "bounce", "bounce_class": "22"}}}, ""),
        ({"payload": {"status": "SoftFail"}}, ""),
        ({"event": "hard_bounce"}, "452 4.2.2 The email account that you tried to reach is over quota"),
        ({"event": "hard_bounce"}, "552 5.2.2 Mailbox full"),
        ({"event": "hard_bounce"}, "550 5.7.1 Message refused for the reputation of 192.0.2.10"),
    ],
)
def test_a_mail_that_did_not_get_through_this_time(told: Any, response: str) -> None:
    assert not is_permanent(told=told, response=response)


def test_an_event_without_end_is_read_so_deep_and_no_deeper() -> None:
    told: Any = "soft_bounce"
    for _ in range(10_000):
        told = {"type": told} if isinstance(told, str) else {"x": [told]}
    assert is_permanent(told=told, response="")
