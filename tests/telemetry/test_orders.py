"""Permuted, split, doubled and late: what is stored in the end is the same."""

import random
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from telemetry.incoming import IncomingEvent
from telemetry.models import ClientIdentity, ClientTrait
from tests.factories import OrganizationFactory
from tests.telemetry.sending import NOON, activity, days, event, record, stored

NAMES = ["login", "task_completed", "launch_kit_viewed", "Own Name", "feature_used", "page_view"]
USERS = ["ada", "bob", "cyd"]
DEVICES = ["phone", "laptop", "kiosk"]


def history(choice: random.Random, size: int = 60) -> list[IncomingEvent]:
    return [_message(choice, str(number)) for number in range(size)]


def _message(choice: random.Random, message_id: str) -> IncomingEvent:
    at = NOON - timedelta(minutes=choice.randrange(20_000))
    kind = choice.choices(["track", "anonymous", "identify", "group", "alias"], [8, 6, 4, 1, 1])[0]
    user, device = choice.choice(USERS), choice.choice(DEVICES)
    if kind == "track":
        seconds = choice.choice([None, 1.5, 0.125])
        return event(message_id, choice.choice(NAMES), external_id=user, stated_at=at, duration_seconds=seconds)
    if kind == "anonymous":
        return event(message_id, choice.choice(NAMES), external_id="", anonymous_id=device, stated_at=at)
    if kind == "identify":
        traits = {
            choice.choice(["name", "email", "plan", "firstName", "createdAt"]): choice.choice(["a", "2026-01-01"])
        }
        return event(message_id, kind, call=kind, external_id=user, anonymous_id=device, data=traits, stated_at=at)
    if kind == "group":
        data = {"groupId": choice.choice("xy"), "traits": {"n": message_id}}
        return event(message_id, kind, call=kind, external_id=user, data=data, stated_at=at)
    return event(message_id, kind, call=kind, external_id=user, data={"previousId": device}, stated_at=at)


def send(organization: Organization, messages: list[IncomingEvent], choice: random.Random) -> None:
    """In sets of any size, some of them twice, days apart."""
    at = NOON
    remaining = list(messages)
    while remaining:
        size = choice.randrange(1, 20)
        batch, remaining = remaining[:size], remaining[size:]
        for _ in range(choice.choice([1, 1, 2])):
            record(organization, *batch, at=at)
        at += timedelta(days=choice.choice([0, 0, 1, 15]))


def everything(organization: Organization) -> dict[str, Any]:
    with organization_scope(organization.pk):
        return {
            "events": stored(organization, "message_id", "client__external_id", "name", "occurred_at", "data"),
            "clients": list(
                Client.objects.order_by("external_id").values_list("external_id", "name", "email", "signed_up_at")
            ),
            "traits": list(
                ClientTrait.objects.order_by("client__external_id", "key").values_list(
                    "client__external_id", "key", "value", "changed_at", "message_id"
                )
            ),
            "identities": list(
                ClientIdentity.objects.order_by("anonymous_id").values_list(
                    "anonymous_id", "client__external_id", "changed_at", "message_id"
                )
            ),
            "days": days(organization),
            "activity": activity(organization),
        }


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_arrival_does_not_matter(db: None, seed: int) -> None:
    choice = random.Random(seed)
    messages = history(choice)
    results = []
    for _ in range(3):
        organization = OrganizationFactory.create(timezone="America/St_Johns")
        choice.shuffle(messages)
        send(organization, messages, choice)
        results.append(everything(organization))
    assert results[0]["days"]
    assert results[1] == results[0]
    assert results[2] == results[0]
