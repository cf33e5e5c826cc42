"""Who has a mail, and what becomes of it when its sender dies at each step."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry, Client, Organization
from accounts.tenancy import all_organizations
from emails import states
from emails.by_hand import send_again, settle_as_sent
from emails.models import Contact, OutboxEmail
from emails.states import begin_call, claim_emails, claim_lease, give_back, lease, release_expired
from tests.emails.outgoing import NOW, queue, rows, the_email
from tests.factories import UserFactory

HERE = "a.provider"
KILLED = ("uncertain", "The sender was killed while handing it over.")
pytestmark = pytest.mark.usefixtures("db")


def claim(*, at: datetime = NOW) -> OutboxEmail:
    [email] = claim_emails(now=at, most=1)
    return email


def call(*, at: datetime = NOW) -> OutboxEmail:
    """A mail in the hands of the provider."""
    email = claim(at=at)
    assert begin_call(email, now=at, provider=HERE)
    return email


def sweep(*, at: datetime, provider: str = HERE, key_lasts: timedelta | None = None) -> None:
    release_expired(now=at, provider=provider, remembered_from=at - key_lasts if key_lasts else None)


AFTER_LEASE = NOW + timedelta(seconds=91)


def test_what_is_due_is_taken_by_priority_and_then_by_time() -> None:
    due = [(0, -3), (90, -1), (90, -2), (40, 0), (40, 1), (0, -9)]
    for priority, minutes in due:
        queue(key=f"{priority} {minutes}", priority=priority, due_at=NOW + timedelta(minutes=minutes))
    taken = [[email.key for email in claim_emails(now=NOW, most=2)] for _ in range(4)]
    assert taken == [["90 -2", "90 -1"], ["40 0", "0 -9"], ["0 -3"], []]


def test_a_mail_is_taken_up_once() -> None:
    queue()
    assert [len(claim_emails(now=NOW, most=5)) for _ in range(2)] == [1, 0]
    assert rows("status", "attempt", "lease_until") == [("claimed", 1, NOW + claim_lease())]


def test_a_sender_killed_before_the_call_costs_a_short_lease() -> None:
    queue()
    claim()
    until = NOW + timedelta(seconds=20)
    sweep(at=until)
    assert claim_emails(now=until, most=1) == []
    after = until + timedelta(seconds=1)
    sweep(at=after)
    assert claim(at=after).attempt == 2


def test_a_call_may_take_a_long_lease() -> None:
    queue()
    call()
    sweep(at=NOW + lease())
    assert rows("status", "lease_until") == [("calling", NOW + timedelta(seconds=90))]


def test_a_sender_killed_in_the_call_leaves_the_mail_uncertain() -> None:
    queue()
    call()
    sweep(at=AFTER_LEASE)
    assert rows("status", "error") == [KILLED]
    assert claim_emails(now=NOW + timedelta(days=9), most=1) == []


def test_a_provider_that_remembers_keys_is_called_again() -> None:
    queue()
    call()
    sweep(at=AFTER_LEASE, key_lasts=timedelta(minutes=15))
    assert rows("status", "doubtful_since", "retries") == [("retry", NOW, 0)]
    assert claim(at=AFTER_LEASE).doubtful_since == NOW


@pytest.mark.parametrize(
    ("at", "provider"),
    [(NOW + timedelta(minutes=15, seconds=1), HERE), (AFTER_LEASE, "another.provider")],
    ids=["forgotten", "another provider"],
)
def test_a_key_that_the_provider_does_not_know_is_no_help(at: datetime, provider: str) -> None:
    queue()
    call()
    sweep(at=at, provider=provider, key_lasts=timedelta(minutes=15))
    assert rows("status", "error") == [KILLED]


def test_who_slept_through_the_lease_does_not_call() -> None:
    queue()
    slow = claim()
    sweep(at=AFTER_LEASE)
    assert not begin_call(slow, now=AFTER_LEASE, provider=HERE)
    claim(at=AFTER_LEASE)
    assert not begin_call(slow, now=AFTER_LEASE, provider=HERE)
    assert rows("status", "attempt") == [("claimed", 2)]


def test_who_called_slowly_still_tells_what_came_of_it() -> None:
    queue()
    slow = call()
    sweep(at=AFTER_LEASE)
    states.mark_sent(slow, now=AFTER_LEASE, provider_id="abc")
    assert rows("status", "sent_at", "provider_id", "error") == [("sent", AFTER_LEASE, "abc", "")]


def test_who_called_slowly_has_no_say_once_another_took_it_up() -> None:
    queue()
    slow = call()
    sweep(at=AFTER_LEASE, key_lasts=timedelta(days=1))
    claim(at=AFTER_LEASE)
    states.mark_failed(slow, error="late", now=AFTER_LEASE)
    assert rows("status", "error") == [("claimed", KILLED[1])]


def test_who_called_slowly_has_no_say_once_somebody_decided() -> None:
    queue()
    slow = call()
    sweep(at=AFTER_LEASE)
    with all_organizations():
        send_again([slow.pk], actor=UserFactory.create(), now=AFTER_LEASE)
    states.mark_failed(slow, error="late", now=AFTER_LEASE)
    assert rows("status", "error", "doubtful_since") == [("pending", "", None)]
    states.mark_failed(claim(at=AFTER_LEASE), error="no", now=AFTER_LEASE)
    assert rows("status", "attempt", "error") == [("failed", 2, "no")]


def test_what_was_not_looked_at_goes_back() -> None:
    for key in "123":
        queue(key=key)
    first, *others = claim_emails(now=NOW, most=3)
    begin_call(first, now=NOW, provider=HERE)
    give_back([first, *others])
    assert sorted(rows("status")) == [("calling",), ("retry",), ("retry",)]
    assert len(claim_emails(now=NOW, most=3)) == 2


def test_what_was_given_back_and_taken_by_another_stays_theirs() -> None:
    queue()
    slow = claim()
    sweep(at=AFTER_LEASE)
    claim(at=AFTER_LEASE)
    give_back([slow])
    assert rows("status") == [("claimed",)]


def test_a_passing_failure_is_tried_again_later_and_later_and_given_up_after_two_days() -> None:
    queue()
    at, waits = NOW, []
    while (email := claim_emails(now=at, most=1)) and begin_call(email[0], now=at, provider=HERE):
        states.mark_retry(email[0], error="busy", now=at)
        [(next_at,)] = rows("next_attempt_at")
        waits.append((next_at - at) // timedelta(minutes=1))
        at = next_at
    assert waits == [1, 2, 4, 8, 16, 32, *[60] * 44, 0]
    assert rows("status", "error", "doubtful_since") == [("failed", "busy", None)]


def test_a_provider_that_asks_for_time_gets_it() -> None:
    queue()
    states.mark_retry(call(), error="429", now=NOW, wait=timedelta(minutes=30))
    assert rows("next_attempt_at", "retries", "doubtful_since") == [(NOW + timedelta(minutes=30), 1, None)]


def test_a_sure_refusal_does_not_end_an_earlier_doubt() -> None:
    queue()
    states.mark_retry(call(), error="lost", now=NOW, is_doubtful=True)
    later = NOW + timedelta(minutes=1)
    states.mark_retry(call(at=later), error="429", now=later)
    assert rows("status", "retries", "doubtful_since") == [("retry", 2, NOW)]


@pytest.fixture
def planned(organization: Organization, client_of_acme: Client) -> Contact:
    with all_organizations():
        contact = Contact.objects.create(
            organization=organization, client=client_of_acme, channel="email", kind="weekly-success", key="1",
            category="weekly", priority=40, is_budgeted=True, decided_at=NOW, due_at=NOW, status="planned",
        )  # fmt: skip
    of_client = {"organization_id": organization.pk, "client_id": client_of_acme.pk, "contact_id": contact.pk}
    queue(**of_client)
    return contact


def contact_state() -> tuple[Any, ...]:
    with all_organizations():
        return Contact.objects.values_list("status", "reason", "settled_at").get()


@pytest.mark.parametrize(
    ("step", "facts", "state"),
    [
        ("mark_sent", {}, ("sent", "", NOW)),
        ("mark_failed", {"error": "no"}, ("failed", "", NOW)),
        ("mark_uncertain", {"error": "lost"}, ("uncertain", "", NOW)),
        ("mark_retry", {"error": "busy"}, ("planned", "", None)),
    ],
)
@pytest.mark.usefixtures("planned")
def test_the_ledger_follows_each_outcome(step: str, facts: dict[str, Any], state: tuple[Any, ...]) -> None:
    getattr(states, step)(call(), now=NOW, **facts)
    assert contact_state() == state


@pytest.mark.usefixtures("planned")
def test_the_ledger_says_why_a_mail_was_skipped() -> None:
    states.mark_skipped(claim(), reason=Contact.Reason.UNSUBSCRIBED, now=NOW)
    assert rows("status", "error") == [("skipped", "unsubscribed")]
    assert contact_state() == ("skipped", "unsubscribed", NOW)


@pytest.mark.usefixtures("planned")
def test_the_ledger_follows_the_sweeper_and_the_hand() -> None:
    call()
    sweep(at=AFTER_LEASE)
    assert contact_state() == ("uncertain", "", AFTER_LEASE)
    actor, email = UserFactory.create(), the_email()
    with all_organizations():
        assert send_again([email.pk], actor=actor, now=AFTER_LEASE) == 1
    assert contact_state() == ("planned", "", None)
    call(at=AFTER_LEASE)
    sweep(at=AFTER_LEASE + timedelta(hours=1))
    with all_organizations():
        assert [settle_as_sent([email.pk], actor=actor, now=AFTER_LEASE) for _ in range(2)] == [1, 0]
    assert contact_state() == ("sent", "", AFTER_LEASE)


@pytest.mark.usefixtures("planned")
def test_a_doubt_counts_although_the_contact_was_refused_during_the_call() -> None:
    call()
    with all_organizations():
        Contact.objects.update(status="skipped", reason="client_left", settled_at=NOW)
    sweep(at=AFTER_LEASE)
    assert rows("status") == [("uncertain",)]
    assert contact_state() == ("uncertain", "", AFTER_LEASE)


def test_each_decision_by_hand_is_in_the_audit_log(organization: Organization) -> None:
    emails = [queue(organization_id=organization.pk, key=key) for key in "123"]
    ids, actor = [email.pk for email in emails], UserFactory.create()
    for status, email in zip(("uncertain", "failed", "sent"), emails, strict=True):
        with all_organizations():
            OutboxEmail.objects.filter(pk=email.pk).update(status=status, retries=50, valid_until=NOW)
    with all_organizations():
        assert (settle_as_sent(ids, actor=actor, now=NOW), send_again(ids, actor=actor, now=NOW)) == (1, 1)
        entries = list(AuditEntry.objects.order_by("id").values_list("action", "subject", "organization", "actor"))
    assert rows("status", "retries", "valid_until") == [("sent", 50, NOW), ("pending", 0, None), ("sent", 50, NOW)]
    assert entries == [
        ("mail.settled_as_sent", f"emails.OutboxEmail:{ids[0]}", organization.pk, actor.pk),
        ("mail.sent_again", f"emails.OutboxEmail:{ids[1]}", organization.pk, actor.pk),
    ]
