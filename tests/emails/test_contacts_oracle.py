"""Random people and weeks, decided by the statement and by plain Python: the same ledger at every step."""

import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from accounts.models import Organization
from emails.contacts.deciding import decide_contacts
from emails.contacts.policies import create_policy
from emails.kinds import FEEDBACK_REQUEST, INACTIVITY_NUDGE, INTERVENTION, WEEKLY_SUCCESS, MailKind
from emails.models import OutboxEmail
from tests.emails.contact_oracle import Message, Rules, decide
from tests.emails.contact_worlds import World

# Clocks change in America on the 8th, in Europe on the 29th.
START = datetime(2026, 3, 5, 5, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLL = MailKind("poll", "Poll", "feedback", WEEKLY_SUCCESS.priority, is_budgeted=True)
KINDS = [WEEKLY_SUCCESS, WEEKLY_SUCCESS, FEEDBACK_REQUEST, POLL, INACTIVITY_NUDGE, INTERVENTION]
SEEDS = range(int(os.environ.get("SEED", "0")), int(os.environ.get("SEED", "0")) + int(os.environ.get("WORLDS", "4")))


def random_rules(dice: random.Random) -> Rules:
    hours = dice.choice([(7, 21), (7, 21), (0, 24), (9, 10), (2, 3), (20, 24)])
    return Rules(dice.choice([1, 1, 2, 3]), *hours, business_days=dice.random() < 0.4)


def put_in_force(organization: Organization, rules: Rules) -> None:
    create_policy(
        organization,
        created_by=None,
        weekly_cap=rules.cap,
        send_from_hour=rules.from_hour,
        send_until_hour=rules.until_hour,
        business_days_only=rules.business_days,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ledger_is_that_of_the_oracle(
    scoped: Organization, outsider: Organization, settings: Settings, seed: int
) -> None:
    dice = random.Random(seed)
    world, now = World(scoped, dice, people=25), START
    for step in range(16):
        if step % 5 == 0:
            rules = random_rules(dice)
            put_in_force(scoped, rules)
        settings.ENABLE_SUCCESS_CRONS = dice.random() < 0.95
        now += dice.choice([0, 0, 3, 20, 45, 100]) * HOUR + timedelta(minutes=dice.randrange(60))
        kind, key = dice.choice(KINDS), dice.choice("ab") + str(step // 3)
        valid_until = dice.choice([None, now + 5 * HOUR, now + 48 * HOUR])
        chosen = sorted(dice.sample(list(world.people), dice.choice([5, 25, 25])))
        before = {client: list(world.people[client].ledger) for client in chosen}
        for client in chosen:
            decide(
                world.people[client], kind, key, as_of=now, rules=rules, is_on=settings.ENABLE_SUCCESS_CRONS,
                valid_until=valid_until,
            )  # fmt: skip
        decided = decide_contacts(scoped.pk, kind=kind, key=key, as_of=now, valid_until=valid_until, clients=chosen)
        new: list[tuple[int, Message]] = [
            (client, message) for client in chosen for message in world.people[client].ledger[len(before[client]) :]
        ]
        assert [(one.client_id, one.due_at) for one in decided.allowed] == [
            (client, message.due_at) for client, message in new if message.status == "planned"
        ]
        assert decided.skipped == Counter(message.reason for _, message in new if message.status == "skipped")
        assert world.ledger() == world.expected_ledger()
        assert not OutboxEmail.objects.filter(contact__reason="outranked").exclude(status="skipped").exists()
        world.queue(decided.allowed, as_of=now)
        world.live(at=now)
