"""Decisions about the same clients that meet each other, in processes that really commit."""

import multiprocessing
import random
from datetime import timedelta

from django.db import connections
from django.db.models import Count

from accounts.models import Organization
from accounts.tenancy import organization_scope
from emails.kinds import FEEDBACK_REQUEST, INACTIVITY_NUDGE, INTERVENTION, WEEKLY_SUCCESS
from emails.models import Contact, OutboxEmail
from tests.emails.asked_clients import MONDAY, add_client, decide, queue
from tests.factories import OrganizationFactory

KINDS = [WEEKLY_SUCCESS, FEEDBACK_REQUEST, INACTIVITY_NUDGE, INTERVENTION]
CAP = 2
CLIENTS = 12


def decide_and_queue(organization: Organization, *, seed: int) -> None:
    """About overlapping ranges, in kinds of every priority."""
    dice = random.Random(seed)
    for step in range(15):
        first, as_of = dice.randrange(CLIENTS), MONDAY + timedelta(minutes=step)
        with organization_scope(organization.pk):
            ids = list(organization.clients.order_by("pk").values_list("pk", flat=True))[first:]
            decided = decide(
                organization, kind=dice.choice(KINDS), key=str(dice.randrange(6)), as_of=as_of,
                first_client=ids[0], last_client=dice.choice(ids),
            )  # fmt: skip
            queue(decided)


def test_four_at_once_never_exceed_the_budget(committed_db: None) -> None:
    organization = OrganizationFactory.create()
    with organization_scope(organization.pk):
        for _ in range(CLIENTS):
            add_client(organization, categories=["weekly", "reminders", "feedback"], weekly_cap=CAP)
    # What is forked must not share a connection.
    connections.close_all()
    forking = multiprocessing.get_context("fork")
    deciders = [
        forking.Process(target=decide_and_queue, args=[organization], kwargs={"seed": seed}) for seed in range(4)
    ]
    for decider in deciders:
        decider.start()
    for decider in deciders:
        decider.join(60)
    assert [decider.exitcode for decider in deciders] == [0, 0, 0, 0]
    with organization_scope(organization.pk):
        planned = Contact.objects.filter(status="planned")
        counts = planned.order_by("client").values_list("client").annotate(n=Count("pk"))
        assert {count for _, count in counts} == {CAP}
        assert Contact.objects.filter(reason="outranked").exists()
        waiting = OutboxEmail.objects.filter(status="pending").order_by("contact").values_list("contact", flat=True)
        assert list(waiting) == list(planned.order_by("pk").values_list("pk", flat=True))
