from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from accounts.models import Organization
from accounts.tenancy import organization_scope
from emails.contacts.deciding import Decided
from emails.kinds import FEEDBACK_REQUEST, INTERVENTION, WEEKLY_SUCCESS, MailKind
from emails.models import Contact, OutboxEmail
from tests.emails.asked_clients import MONDAY, add_client, decide, ledger, queue
from tests.factories import OrganizationFactory

ALL = ["weekly", "reminders", "feedback"]
EQUAL = MailKind("poll", "Poll", "feedback", WEEKLY_SUCCESS.priority, is_budgeted=True)


def fates() -> list[tuple[str, str, str]]:
    return list(Contact.objects.order_by("pk").values_list("kind", "status", "reason"))


def test_the_more_important_takes_the_place_of_what_still_waits(scoped: Organization) -> None:
    add_client(scoped, categories=ALL, weekly_cap=1)
    [mail] = queue(decide(scoped))
    hour = timedelta(hours=1)
    assert decide(scoped, kind=INTERVENTION, as_of=MONDAY + hour).allowed
    assert fates() == [("weekly-success", "skipped", "outranked"), ("intervention", "planned", "")]
    mail.refresh_from_db()
    assert (mail.status, Contact.objects.earliest("pk").settled_at) == ("skipped", MONDAY + hour)


@pytest.mark.parametrize("kind", [EQUAL, FEEDBACK_REQUEST])
def test_equals_and_lesser_ones_come_too_late(scoped: Organization, kind: MailKind) -> None:
    add_client(scoped, categories=ALL, weekly_cap=1)
    queue(decide(scoped))
    decide(scoped, kind=kind)
    assert fates() == [("weekly-success", "planned", ""), (kind.name, "skipped", "budget")]


def test_of_equals_the_last_to_come_gives_way(scoped: Organization) -> None:
    add_client(scoped, categories=ALL, weekly_cap=2)
    for kind in (WEEKLY_SUCCESS, EQUAL, INTERVENTION):
        decide(scoped, kind=kind)
    assert fates() == [
        ("weekly-success", "planned", ""),
        ("poll", "skipped", "outranked"),
        ("intervention", "planned", ""),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "claimed"},
        {"status": "calling"},
        {"status": "sent"},
        {"doubtful_since": MONDAY},
        {"status": "retry", "doubtful_since": MONDAY},
    ],
)
def test_what_somebody_has_in_hand_stays(scoped: Organization, changes: dict[str, Any]) -> None:
    add_client(scoped, categories=ALL, weekly_cap=1)
    [mail] = queue(decide(scoped))
    OutboxEmail.objects.filter(pk=mail.pk).update(**changes)
    assert decide(scoped, kind=INTERVENTION) == Decided([], {Contact.Reason.BUDGET: 1})
    assert fates() == [("weekly-success", "planned", ""), ("intervention", "skipped", "budget")]


def test_what_was_put_off_or_surely_refused_gives_way(scoped: Organization) -> None:
    add_client(scoped, categories=ALL, weekly_cap=1)
    [mail] = queue(decide(scoped))
    OutboxEmail.objects.filter(pk=mail.pk).update(status="retry", retries=1)
    decide(scoped, kind=INTERVENTION)
    assert fates() == [("weekly-success", "skipped", "outranked"), ("intervention", "planned", "")]


def test_the_least_important_gives_way(scoped: Organization) -> None:
    add_client(scoped, categories=ALL, weekly_cap=2)
    for kind in (FEEDBACK_REQUEST, WEEKLY_SUCCESS):
        decide(scoped, kind=kind)
    decide(scoped, kind=INTERVENTION)
    assert fates() == [
        ("feedback-request", "skipped", "outranked"),
        ("weekly-success", "planned", ""),
        ("intervention", "planned", ""),
    ]


def test_nothing_gives_way_where_that_would_not_make_room(scoped: Organization) -> None:
    """The cap was lowered: two would have to go, and one of them is on its way."""
    add_client(scoped, categories=ALL, weekly_cap=2)
    decide(scoped, kind=FEEDBACK_REQUEST)
    [mail] = queue(decide(scoped, kind=WEEKLY_SUCCESS))
    OutboxEmail.objects.filter(pk=mail.pk).update(status="claimed")
    add_client(scoped, weekly_cap=1, is_asked=False)
    decide(scoped, kind=INTERVENTION)
    assert fates() == [
        ("feedback-request", "planned", ""),
        ("weekly-success", "planned", ""),
        ("intervention", "skipped", "budget"),
        ("intervention", "skipped", "not_asked"),
    ]


def test_another_week_gives_no_way(scoped: Organization) -> None:
    add_client(scoped, categories=ALL, weekly_cap=1)
    decide(scoped, as_of=MONDAY - timedelta(days=1))
    decide(scoped, kind=FEEDBACK_REQUEST)
    decide(scoped, kind=INTERVENTION)
    assert fates() == [
        ("weekly-success", "planned", ""),
        ("feedback-request", "skipped", "outranked"),
        ("intervention", "planned", ""),
    ]


def test_others_messages_never_give_way(scoped: Organization, outsider: Organization) -> None:
    with organization_scope(outsider.pk):
        add_client(outsider, categories=ALL, weekly_cap=1)
        decide(outsider)
        theirs = ledger()
    add_client(scoped, categories=ALL, weekly_cap=1)
    other = add_client(scoped, categories=ALL)
    decide(scoped)
    decide(scoped, kind=INTERVENTION, clients=[other.pk])
    assert fates() == [
        ("weekly-success", "planned", ""),
        ("weekly-success", "skipped", "outranked"),
        ("intervention", "planned", ""),
    ]
    with organization_scope(outsider.pk):
        assert ledger() == theirs


def test_a_mail_that_is_being_claimed_at_the_same_moment_stays(committed_db: None) -> None:
    organization = OrganizationFactory.create()
    with organization_scope(organization.pk):
        add_client(organization, categories=ALL, weekly_cap=1)
        [mail] = queue(decide(organization))
    claimer = connections.create_connection("default")
    try:
        claimer.set_autocommit(False)
        with claimer.cursor() as cursor:
            cursor.execute("SELECT set_config('mainstay.scope', 'all', true)")
            cursor.execute("UPDATE emails_outboxemail SET status = 'claimed' WHERE id = %s", [mail.pk])
            with organization_scope(organization.pk):
                assert decide(organization, kind=INTERVENTION).skipped == {"budget": 1}
        claimer.commit()
    finally:
        claimer.close()
    with organization_scope(organization.pk):
        assert fates() == [("weekly-success", "planned", ""), ("intervention", "skipped", "budget")]
        assert OutboxEmail.objects.get().status == "claimed"


def test_a_decision_that_is_rolled_back_displaces_nobody(scoped: Organization) -> None:
    add_client(scoped, categories=ALL, weekly_cap=1)
    [mail] = queue(decide(scoped))
    with transaction.atomic():
        decide(scoped, kind=INTERVENTION)
        transaction.set_rollback(True)
    mail.refresh_from_db()
    assert (fates(), mail.status) == ([("weekly-success", "planned", "")], "pending")
    assert connection.in_atomic_block
