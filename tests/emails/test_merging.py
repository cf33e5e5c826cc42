"""Two clients that turn out to be one: what they said about mail, and what they were sent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category, Frequency
from emails.consent import Word, history_of, record_consents
from emails.merging import merge_mail
from emails.models import Consent, Contact, MailPreference, OutboxEmail
from emails.models.preferences import Source
from emails.states import begin_call, hold, mark_sent
from tests.database import wait_for_a_waiter
from tests.factories import ClientFactory, OrganizationFactory

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SENT, PLANNED, SKIPPED = Contact.Status.SENT, Contact.Status.PLANNED, Contact.Status.SKIPPED


@pytest.fixture
def clients(organization: Organization, outsider: Organization) -> list[Client]:
    """The former, another former, the one that is left, and one that has nothing to do with it."""
    made: list[Client] = ClientFactory.create_batch(4, organization=organization)
    return made


def say(client: Client, is_given: bool, *, days: int = 0, frequency: Frequency | None = None, **options: Any) -> None:
    word = Word(client.pk, Category.WEEKLY, is_given=is_given, at=NOW + days * DAY, frequency=frequency)
    with organization_scope(client.organization_id):
        record_consents(client.organization_id, [word], source=options.get("source", Source.STAFF))


def merge(formers: list[Client], own: Client) -> None:
    with organization_scope(own.organization_id):
        Client.objects.filter(pk__in=[former.pk for former in formers]).update(merged_into=own, status="archived")
        merge_mail(own.organization_id, {former.pk: own.pk for former in formers})


def words() -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(MailPreference.objects.order_by("client").values_list("client", "is_agreed", "frequency", "source"))


def contact(client: Client, status: str = SENT, *, key: str = "2026-11-16", **values: Any) -> Contact:
    facts = {"kind": "weekly-success", "category": "weekly", "priority": 1, "is_budgeted": True, "channel": "email"}
    reason = Contact.Reason.BUDGET if status == SKIPPED else ""
    with organization_scope(client.organization_id):
        return Contact.objects.create(
            organization_id=client.organization_id, client=client, key=key, status=status, reason=reason,
            decided_at=NOW, due_at=NOW, **(facts | values),
        )  # fmt: skip


def contacts() -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Contact.objects.order_by("id").values_list("id", "client", "key", "status", "reason"))


@pytest.mark.parametrize(("former", "own"), [(False, True), (True, False), (False, False), (True, True)])
def test_a_no_of_either_stays_a_no(clients: list[Client], former: bool, own: bool) -> None:
    say(clients[0], former)
    say(clients[2], own, days=3)
    merge([clients[0]], clients[2])
    assert words() == [(clients[2].pk, former and own, "weekly", "staff")]


def test_a_word_about_what_the_other_was_never_asked_counts(clients: list[Client]) -> None:
    first, second, own, other = clients
    say(second, True, source=Source.IMPORT)
    say(other, True)
    merge([first, second], own)
    assert words() == [(own.pk, True, "weekly", "import"), (other.pk, True, "weekly", "staff")]


def test_of_two_frequencies_the_rarer_counts(clients: list[Client]) -> None:
    first, second, own, _other = clients
    say(first, True, frequency=Frequency.EVERY_OTHER_WEEK)
    say(second, True, frequency=Frequency.EVERY_FOUR_WEEKS, source=Source.API)
    say(own, True, frequency=Frequency.EVERY_WEEK, days=1)
    merge([first, second], own)
    assert words() == [(own.pk, True, "monthly", "api")]


def test_an_older_word_overrules_nothing_after_the_merge(clients: list[Client]) -> None:
    former, _, own, _ = clients
    say(former, False)
    say(own, True, days=5)
    merge([former], own)
    say(own, True, days=4, source=Source.IMPORT)
    assert words() == [(own.pk, False, "weekly", "staff")]
    say(own, True, days=6, source=Source.PREFERENCES)
    assert words() == [(own.pk, True, "weekly", "preferences")]


def test_the_log_keeps_whose_word_it_was_and_says_what_changed(clients: list[Client]) -> None:
    former, _, own, _ = clients
    say(former, False)
    say(own, True, days=1)
    with all_organizations():
        before = list(Consent.objects.order_by("id").values())
    merge([former], own)
    with organization_scope(own.organization_id):
        assert list(Consent.objects.order_by("id").values())[:2] == before
        history = [(word.client_id, word.is_given, word.at, word.detail) for word in history_of(own)]
    assert history == [
        (own.pk, True, NOW + DAY, {}),
        (own.pk, False, NOW, {"mergedFrom": former.pk}),
        (former.pk, False, NOW, {}),
    ]


def test_contacts_move_and_count_on_against_the_budget(clients: list[Client]) -> None:
    former, _, own, other = clients
    moved, same, theirs = contact(former), contact(own), contact(other)
    skipped = contact(former, SKIPPED, kind="feedback")
    merge([former], own)
    assert contacts() == [
        (moved.pk, own.pk, f"2026-11-16 of {former.pk}", SENT, ""),
        (same.pk, own.pk, "2026-11-16", SENT, ""),
        (theirs.pk, other.pk, "2026-11-16", SENT, ""),
        (skipped.pk, own.pk, "2026-11-16", SKIPPED, "budget"),
    ]


@pytest.mark.parametrize(("status", "kept"), [(SENT, SENT), (PLANNED, PLANNED), (SKIPPED, SKIPPED)])
def test_what_both_were_to_get_goes_once(clients: list[Client], status: str, kept: str) -> None:
    former, _, own, _ = clients
    planned, theirs = contact(former, PLANNED), contact(own, status)
    merge([former], own)
    expected: list[tuple[int, str, str, str]]
    if status == SKIPPED:
        expected = [(planned.pk, "2026-11-16", PLANNED, ""), (theirs.pk, f"2026-11-16 of {own.pk}", SKIPPED, "budget")]
    else:
        expected = [
            (planned.pk, f"2026-11-16 of {former.pk}", SKIPPED, "client_left"),
            (theirs.pk, "2026-11-16", kept, ""),
        ]
    assert [(pk, key, state, reason) for pk, _, key, state, reason in contacts()] == expected


def test_mails_follow_with_their_contacts(clients: list[Client], organization: Organization) -> None:
    former, _, own, other = clients
    facts = {"kind": "weekly-success", "to_address": "ada@example.org", "next_attempt_at": NOW, "queued_at": NOW}
    with organization_scope(organization.pk):
        for client in (former, other):
            OutboxEmail.objects.create(
                organization=organization, client=client, contact=contact(client), key=str(client.pk), **facts
            )
    merge([former], own)
    with all_organizations():
        mails = OutboxEmail.objects.order_by("id").values_list("client", "contact__client")
        assert list(mails) == [(own.pk, own.pk), (other.pk, other.pk)]


def test_a_key_as_long_as_keys_get_moves_too(clients: list[Client]) -> None:
    first, second, own, _ = clients
    for client in (first, second, own):
        contact(client, key="ü" * 200)
    merge([first, second], own)
    assert sorted(len(row[2]) for row in contacts()) == sorted(
        [200, 170 + len(f" of {first.pk}"), 170 + len(f" of {second.pk}")]
    )


def test_merging_twice_changes_nothing(clients: list[Client]) -> None:
    first, second, own, _ = clients
    for client in (first, second, own):
        say(client, client is own)
        contact(client)
    merge([first, second], own)
    before = (words(), contacts())
    merge([first, second], own)
    assert (words(), contacts()) == before


def test_a_word_that_comes_while_clients_are_merged_is_that_of_who_is_left(committed_db: None) -> None:
    former, own = ClientFactory.create_batch(2, organization=OrganizationFactory.create())
    with ThreadPoolExecutor(1) as pool:
        with organization_scope(own.organization_id):
            merge([former], own)
            word = pool.submit(_say_in_a_thread, former)
            with pytest.raises(TimeoutError):
                word.result(timeout=0.2)
        word.result(timeout=5)
    assert words() == [(own.pk, False, "weekly", "staff")]


def _say_in_a_thread(client: Client) -> None:
    try:
        say(client, False)
    finally:
        connection.close()


def test_a_merge_waits_for_a_sender_before_it_has_anything_that_the_sender_needs(committed_db: None) -> None:
    organization = OrganizationFactory.create()
    former, own = ClientFactory.create_batch(2, organization=organization)
    planned = contact(former, PLANNED)
    with all_organizations():
        email = OutboxEmail.objects.create(
            organization=organization, client=former, contact=planned, kind="weekly-success", key="2026-11-16",
            to_address="ada@example.org", subject="Your week", text="", status="claimed", attempt=1, queued_at=NOW,
            next_attempt_at=NOW,
        )  # fmt: skip
    with ThreadPoolExecutor(1) as pool:
        with all_organizations():
            assert hold(email)
            merging = pool.submit(_merge_in_a_thread, former, own)
            wait_for_a_waiter()
            assert begin_call(email, now=NOW, provider="smtp")
            mark_sent(email, now=NOW)
        merging.result(timeout=20)
    with all_organizations():
        email.refresh_from_db()
    assert (email.status, email.client_id) == ("sent", own.pk)
    assert contacts() == [(planned.pk, own.pk, "2026-11-16", "sent", "")]


def _merge_in_a_thread(former: Client, own: Client) -> None:
    try:
        merge([former], own)
    finally:
        connection.close()
