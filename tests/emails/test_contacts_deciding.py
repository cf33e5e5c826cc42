from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from emails.addresses import validate_one_address
from emails.contacts.deciding import AllowedContact, Decided, decide_contacts
from emails.contacts.policies import create_policy
from emails.contacts.recipients import oddities_of, range_of
from emails.contacts.settling import refuse_contacts
from emails.kinds import FEEDBACK_REQUEST, INTERVENTION, WEEKLY_SUCCESS
from emails.models import Contact, Suppression
from tests.emails.asked_clients import MONDAY, add_client, decide, ledger
from tests.factories import ClientFactory

NO_DECISION = Decided([], {})


def test_who_agreed_and_has_an_address_is_contacted(scoped: Organization) -> None:
    client = add_client(scoped, name="Ada", language="de", timezone="Asia/Tokyo", email="ada@example.org")
    # 08:00 UTC is 17:00 in Tokyo.
    decided = decide(scoped)
    contact = Contact.objects.get()
    assert decided.allowed == [
        AllowedContact(contact.pk, client.pk, "ada@example.org", "Ada", "de", ZoneInfo("Asia/Tokyo"), MONDAY)
    ]
    assert ledger() == [(client.pk, "planned", "", MONDAY)]
    assert (contact.channel, contact.kind, contact.key, contact.category, contact.priority, contact.is_budgeted) == (
        "email", "weekly-success", "k", "weekly", WEEKLY_SUCCESS.priority, True,
    )  # fmt: skip
    assert (contact.decided_at, contact.settled_at) == (MONDAY, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "paused"}, "client_left"),
        ({"status": "archived"}, "client_left"),
        ({"email": ""}, "no_address"),
        ({"email": "a@example.org, b@example.org"}, "invalid_address"),
        ({"frequency": None}, "unsubscribed"),
        ({"is_asked": False}, "not_asked"),
        ({"is_stopped": True}, "stopped_address"),
        # The first reason counts.
        ({"status": "paused", "email": "", "is_asked": False}, "client_left"),
        ({"email": "nonsense", "frequency": None}, "invalid_address"),
        ({"frequency": None, "is_stopped": True}, "unsubscribed"),
    ],
)
def test_who_may_not_be_contacted_is_recorded_with_the_reason(
    scoped: Organization, changes: dict[str, Any], reason: str
) -> None:
    client = add_client(scoped, **changes)
    assert decide(scoped) == Decided([], {Contact.Reason(reason): 1})
    assert ledger() == [(client.pk, "skipped", reason, None)]
    assert Contact.objects.get().settled_at == MONDAY


def test_merged_clients_have_left(scoped: Organization) -> None:
    client = add_client(scoped, merged_into=ClientFactory.create(organization=scoped, email="own@example.org"))
    decide(scoped, clients=[client.pk])
    assert ledger() == [(client.pk, "skipped", "client_left", None)]


def test_deciding_twice_decides_nothing(scoped: Organization) -> None:
    add_client(scoped)
    add_client(scoped, is_asked=False)
    decide(scoped)
    before = ledger()
    assert decide(scoped, as_of=MONDAY + timedelta(days=1)) == NO_DECISION
    assert ledger() == before


def test_each_organization_decides_about_its_own_clients(scoped: Organization, outsider: Organization) -> None:
    with organization_scope(outsider.pk):
        theirs = add_client(outsider)
    mine = add_client(scoped)
    assert decide(scoped, clients=[theirs.pk, mine.pk]).allowed[0].client_id == mine.pk
    with organization_scope(outsider.pk):
        assert ledger() == []


def test_an_address_is_stopped_in_whatever_case_until_it_is_set_free(scoped: Organization) -> None:
    for email in ("Ada@Example.org", "bob@example.org"):
        add_client(scoped, email=email, is_stopped=True)
    assert decide(scoped).skipped == {"stopped_address": 2}
    Suppression.objects.update(lifted_at=MONDAY)
    assert len(decide(scoped, key="free").allowed) == 2


def test_a_suppression_of_another_organization_stops_nothing(scoped: Organization, outsider: Organization) -> None:
    with organization_scope(outsider.pk):
        add_client(outsider, email="same@example.org", is_stopped=True)
    add_client(scoped, email="same@example.org")
    assert len(decide(scoped).allowed) == 1


def test_a_range_includes_both_its_ends(scoped: Organization) -> None:
    ids = [add_client(scoped).pk for _ in range(4)]
    decided = decide(scoped, first_client=ids[1], last_client=ids[2])
    assert [one.client_id for one in decided.allowed] == ids[1:3]


@pytest.mark.parametrize("changes", [{"runs_jobs": False}, {"status": "suspended"}])
def test_nothing_goes_out_of_an_organization_that_is_switched_off(
    scoped: Organization, changes: dict[str, Any]
) -> None:
    Organization.objects.filter(pk=scoped.pk).update(**changes)
    add_client(scoped)
    assert decide(scoped).skipped == {"switched_off": 1}


def test_what_would_be_due_too_late_is_not_sent(scoped: Organization) -> None:
    add_client(scoped)
    add_client(scoped, timezone="Pacific/Auckland")
    # It is 21:00 in Auckland: the next morning there is 18:00 UTC.
    six = MONDAY + timedelta(hours=10)
    decided = decide(scoped, valid_until=six - timedelta(seconds=1))
    assert ([one.due_at for one in decided.allowed], decided.skipped) == ([MONDAY], {"late": 1})
    assert decide(scoped, key="next", valid_until=six).allowed[0].due_at == six


@pytest.mark.parametrize(
    ("frequency", "allowed"),
    [("weekly", [0, 4, 10, 18, 25]), ("fortnightly", [0, 11, 25]), ("monthly", [0, 25])],
)
def test_who_wants_it_less_often_gets_it_less_often(scoped: Organization, frequency: str, allowed: list[int]) -> None:
    """A run may be late, or a weekend between: up to three days do not count."""
    add_client(scoped, frequency=frequency)
    days = [0, 3, 4, 10, 11, 18, 25]
    assert [day for day in days if decide(scoped, key=str(day), as_of=MONDAY + timedelta(days=day)).allowed] == allowed


def test_other_categories_know_nothing_of_the_frequency_of_one(scoped: Organization) -> None:
    add_client(scoped, frequency="monthly", categories=["weekly", "feedback"])
    assert decide(scoped).allowed
    assert decide(scoped, kind=FEEDBACK_REQUEST).allowed


@pytest.mark.parametrize(
    ("status", "reason"), [("sent", "budget"), ("planned", "budget"), ("uncertain", "budget"), ("failed", "")]
)
def test_the_budget_counts_what_may_have_reached_the_client(scoped: Organization, status: str, reason: str) -> None:
    client = add_client(scoped, categories=["weekly", "feedback"], weekly_cap=1)
    decide(scoped, kind=WEEKLY_SUCCESS)
    Contact.objects.update(status=status)
    decide(scoped, kind=FEEDBACK_REQUEST)
    contact = Contact.objects.get(client=client, kind=FEEDBACK_REQUEST.name)
    assert contact.reason == reason


def test_the_week_of_the_budget_is_the_recipients(scoped: Organization) -> None:
    """Sunday 19:30 in New York is Monday in Berlin."""
    sunday = datetime(2026, 11, 15, 19, 30, tzinfo=ZoneInfo("America/New_York"))
    for timezone in ("America/New_York", "Europe/Berlin"):
        add_client(scoped, timezone=timezone, categories=["weekly", "feedback"], weekly_cap=1)
    decide(scoped, as_of=sunday)
    decided = decide(scoped, kind=FEEDBACK_REQUEST, as_of=sunday + timedelta(days=1))
    assert (len(decided.allowed), decided.skipped) == (1, {"budget": 1})


def test_what_is_planned_for_next_week_is_no_burden_of_this_one(scoped: Organization) -> None:
    """Planned on Saturday for Monday; then Sundays are no longer quiet."""
    client = add_client(scoped, categories=["weekly", "feedback"])
    create_policy(scoped, created_by=None, weekly_cap=1, business_days_only=True)
    decide(scoped, as_of=MONDAY - timedelta(days=2))
    create_policy(scoped, created_by=None, weekly_cap=1)
    sunday = MONDAY - timedelta(days=1)
    decide(scoped, kind=FEEDBACK_REQUEST, as_of=sunday)
    assert ledger() == [
        (client.pk, "planned", "", MONDAY - timedelta(hours=2)),
        (client.pk, "planned", "", sunday),
    ]


def test_a_refused_contact_gives_its_place_back(scoped: Organization) -> None:
    client = add_client(scoped, categories=["weekly", "feedback"], weekly_cap=1)
    [contact] = decide(scoped).allowed
    assert refuse_contacts([contact.contact_id], reason=Contact.Reason.NOTHING_TO_TELL, at=MONDAY) == 1
    assert refuse_contacts([contact.contact_id], reason=Contact.Reason.BUDGET, at=MONDAY) == 0
    assert decide(scoped, kind=FEEDBACK_REQUEST).allowed
    assert ledger() == [(client.pk, "skipped", "nothing_to_tell", MONDAY), (client.pk, "planned", "", MONDAY)]


def test_a_timezone_that_was_dropped_is_taken_for_the_organizations(scoped: Organization) -> None:
    client = add_client(scoped)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_client SET timezone = 'Mars/Crater' WHERE id = %s", [client.pk])
    assert [one.timezone.key for one in decide(scoped).allowed] == ["Europe/Berlin"]


ADDRESSES = [
    "a@x.org", "A.b+c_d-e@sub.x-y.example", "a@b", "a@b.c", "a@b.co", "a@b.c1", "a@b.co1", "@x.org", "a@", "a", "@",
    " a@x.org", "a@x.org ", "a@x.org\n", "a\n@x.org", "a@x.org,b@y.org", "a@x.org, b@y.org", "a@x.org;b@y.org",
    "a b@x.org", "a@@x.org", "<a@x.org>", "A <a@x.org>", '"a"@x.org', '"a, b"@x.org', "a@[127.0.0.1]", "a@[::1]",
    "a@localhost", "a@xn--bcher-kva.example", "a@bücher.example", "ä@x.org", "a@x..org", "a@.x.org", "a@x.org.",
    "a@-x.org", "a@x-.org", "a@x--y.org", ".a@x.org", "a.@x.org", "a..b@x.org", "a'b@x.org", "a%b@x.org", "a!b@x.org",
    "a/b@x.org", "a=b@x.org", "a&b@x.org", "a\\b@x.org", "(a)@x.org", "a\u200b@x.org", "a@x\u3002org", "a\u00a0@x.org",
    "a\t@x.org", "a\r\n@x.org", "a@x.org\r\nBcc: b@y.org", "\u212a@x.org", "a@\u212a.org", "a@x.o\u017fg",
    "😀@x.org", "a@😀.org", "'; DROP TABLE accounts_client; --@x.org", "%s@x.org", "%(plain)s@x.org", "a@x.org" * 40,
    f"{64 * 'a'}@x.org", f"{65 * 'a'}@x.org", f"a@{63 * 'b'}.org", f"a@{64 * 'b'}.org", f"a@{150 * 'b.'}org",
    f"{52 * 'a'}@bbbbbb.org", f"{53 * 'a'}@bbbbbb.org", f"a@x.{57 * 'o'}", f"a@x.{63 * 'o'}", f"a@x.{64 * 'o'}",
]  # fmt: skip


def is_one_address(text: str) -> bool:
    try:
        validate_one_address(text)
    except ValidationError:
        return False
    return True


def test_the_database_takes_for_an_address_what_the_outbox_takes(scoped: Organization) -> None:
    for address in ADDRESSES:
        add_client(scoped, email=address[:320])
    decide(scoped)
    taken = Contact.objects.filter(status="planned").values_list("client__email", flat=True)
    assert set(taken) == {address for address in ADDRESSES if is_one_address(address)}
    assert {"a@bücher.example", "a%b@x.org", "a@x.org"} <= set(taken)


def test_only_unusual_addresses_are_looked_at_one_by_one(scoped: Organization) -> None:
    for address in ["ada@example.org", "Bob.B+c@mail.example.co.uk", "", "two@example.org, one@example.org"]:
        add_client(scoped, email=address)
    assert oddities_of(range_of(scoped.pk)).addresses == []
    add_client(scoped, email="a@bücher.example")
    assert oddities_of(range_of(scoped.pk)).addresses == ["a@bücher.example"]


def test_the_number_of_queries_is_that_of_one_client(scoped: Organization, django_assert_num_queries: Any) -> None:
    for count, key in ((1, "one"), (40, "many")):
        for number in range(count):
            add_client(scoped, timezone=["", "Asia/Tokyo", "Africa/Cairo"][number % 3])
        with django_assert_num_queries(6):
            decide_contacts(scoped.pk, kind=WEEKLY_SUCCESS, key=key, as_of=MONDAY)


def test_an_organization_without_clients_has_nothing_to_decide(scoped: Organization) -> None:
    assert decide(scoped) == NO_DECISION
    assert decide(scoped, kind=INTERVENTION, clients=[]) == NO_DECISION
    assert Client.objects.count() == 0
