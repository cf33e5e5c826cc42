from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.contacts.last_look import QuietTimeError, reason_not_to_send
from emails.contacts.policies import create_policy
from emails.kinds import FEEDBACK_REQUEST, INACTIVITY_NUDGE
from emails.models import Contact, MailPreference, OutboxEmail, Suppression
from tests.emails.asked_clients import MONDAY, add_client, decide, queue
from tests.factories import ClientFactory

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def email(scoped: Organization) -> OutboxEmail:
    """Of Berlin, planned for Monday at 9:00."""
    add_client(scoped, categories=["weekly", "reminders", "feedback"])
    return queue(decide(scoped), valid_until=MONDAY + 3 * DAY)[0]


def test_what_may_still_go_goes(email: OutboxEmail) -> None:
    for hours in (0, 1, 11):
        assert reason_not_to_send(email, at=MONDAY + hours * HOUR) is None


def unsubscribe(email: OutboxEmail) -> None:
    MailPreference.objects.filter(client=email.client_id, category="weekly").update(is_agreed=False)


def forget(email: OutboxEmail) -> None:
    MailPreference.objects.filter(client=email.client_id).delete()


def stop(email: OutboxEmail) -> None:
    client = Client.objects.get(mails=email)
    Suppression.objects.create(
        organization=client.organization, address=email.to_address.upper(), reason="bounced", at=MONDAY
    )


def move_house(email: OutboxEmail) -> None:
    Client.objects.filter(mails=email).update(email="somewhere-else@example.org")


def pause(email: OutboxEmail) -> None:
    Client.objects.filter(mails=email).update(status="paused")


def merge(email: OutboxEmail) -> None:
    own = ClientFactory.create(organization_id=email.organization_id)
    Client.objects.filter(mails=email).update(merged_into=own)


def suspend(email: OutboxEmail) -> None:
    Organization.objects.filter(clients__mails=email).update(status="suspended")


def switch_off(email: OutboxEmail) -> None:
    Organization.objects.filter(clients__mails=email).update(runs_jobs=False)


def outrank(email: OutboxEmail) -> None:
    Contact.objects.filter(mails=email).update(status="skipped", reason="outranked")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (unsubscribe, "unsubscribed"),
        (forget, "not_asked"),
        (stop, "stopped_address"),
        (move_house, "address_changed"),
        (pause, "client_left"),
        (merge, "client_left"),
        (suspend, "switched_off"),
        (switch_off, "switched_off"),
        (outrank, "outranked"),
    ],
)
def test_what_has_changed_meanwhile_is_seen(
    email: OutboxEmail, change: Callable[[OutboxEmail], None], reason: str
) -> None:
    change(email)
    assert reason_not_to_send(email, at=MONDAY) == reason


def test_the_kill_switch_stops_what_is_queued(email: OutboxEmail, settings: Settings) -> None:
    settings.ENABLE_SUCCESS_CRONS = False
    assert reason_not_to_send(email, at=MONDAY) == "switched_off"


def test_an_address_written_otherwise_is_the_same(email: OutboxEmail) -> None:
    Client.objects.filter(mails=email).update(email=email.to_address.upper())
    assert reason_not_to_send(email, at=MONDAY) is None


def test_what_others_said_changes_nothing(email: OutboxEmail, outsider: Organization) -> None:
    with organization_scope(outsider.pk):
        add_client(outsider, email=email.to_address, is_stopped=True, frequency=None)
        create_policy(outsider, created_by=None, send_from_hour=1, send_until_hour=2)
    assert reason_not_to_send(email, at=MONDAY) is None


def test_an_address_that_was_set_free_gets_mail_again(email: OutboxEmail) -> None:
    stop(email)
    Suppression.objects.update(lifted_at=MONDAY)
    assert reason_not_to_send(email, at=MONDAY) is None


@pytest.mark.parametrize(("after", "reason"), [(3 * DAY, None), (3 * DAY + timedelta(seconds=1), "late")])
def test_after_its_time_it_is_of_no_use(email: OutboxEmail, after: timedelta, reason: str | None) -> None:
    assert reason_not_to_send(email, at=MONDAY + after) == reason


def test_in_quiet_hours_it_waits_for_their_end(email: OutboxEmail) -> None:
    """21:00 in Berlin is 20:00 UTC; the morning there is 06:00 UTC."""
    with pytest.raises(QuietTimeError) as raised:
        reason_not_to_send(email, at=MONDAY + 12 * HOUR)
    assert raised.value.until == MONDAY + 22 * HOUR
    assert Contact.objects.get().due_at == MONDAY + 22 * HOUR


def test_what_cannot_wait_until_morning_is_too_late(email: OutboxEmail) -> None:
    email.valid_until = MONDAY + 20 * HOUR
    assert reason_not_to_send(email, at=MONDAY + 12 * HOUR) == "late"
    assert Contact.objects.get().due_at == MONDAY


def test_a_new_policy_counts_for_what_is_queued(email: OutboxEmail, scoped: Organization) -> None:
    create_policy(scoped, created_by=None, send_from_hour=12, send_until_hour=14)
    with pytest.raises(QuietTimeError) as raised:
        reason_not_to_send(email, at=MONDAY)
    assert raised.value.until == MONDAY + 3 * HOUR


def test_the_clients_own_timezone_counts(email: OutboxEmail) -> None:
    Client.objects.filter(mails=email).update(timezone="America/New_York")
    with pytest.raises(QuietTimeError) as raised:
        reason_not_to_send(email, at=MONDAY)
    assert raised.value.until == MONDAY + 4 * HOUR


def late_mail(organization: Organization, *, cap: int) -> OutboxEmail:
    """Of Sunday noon, and one other message is planned for the week after."""
    add_client(organization, categories=["weekly", "reminders", "feedback"], weekly_cap=cap)
    [mail] = queue(decide(organization, kind=FEEDBACK_REQUEST, as_of=MONDAY - 21 * HOUR))
    queue(decide(organization, kind=INACTIVITY_NUDGE))
    return mail


def test_what_slips_into_another_week_needs_room_there(scoped: Organization) -> None:
    mail = late_mail(scoped, cap=1)
    assert reason_not_to_send(mail, at=MONDAY - 14 * HOUR) is None
    assert reason_not_to_send(mail, at=MONDAY + HOUR) == "budget"


def test_what_slips_into_another_week_counts_there(scoped: Organization) -> None:
    mail = late_mail(scoped, cap=2)
    assert reason_not_to_send(mail, at=MONDAY + HOUR) is None
    assert Contact.objects.get(mails=mail).due_at == MONDAY + HOUR


def test_moving_over_the_weekend_is_weighed_too(scoped: Organization) -> None:
    mail = late_mail(scoped, cap=1)
    assert reason_not_to_send(mail, at=MONDAY - 11 * HOUR) == "budget"


@pytest.mark.parametrize("values", [{"category": ""}, {"client_id": None}, {"organization_id": None}])
def test_account_mail_and_mail_to_staff_is_not_asked(
    db: None, values: dict[str, Any], django_assert_num_queries: Any
) -> None:
    mail = OutboxEmail(**{"organization_id": 1, "client_id": 1, "category": "weekly"} | values)
    with django_assert_num_queries(0):
        assert reason_not_to_send(mail, at=MONDAY) is None


def test_a_client_that_is_no_more_has_left(email: OutboxEmail) -> None:
    email.client_id = 10**15
    assert reason_not_to_send(email, at=MONDAY) == "client_left"


def test_the_look_brings_its_own_scope(organization: Organization, django_assert_num_queries: Any) -> None:
    with organization_scope(organization.pk):
        add_client(organization)
        [mail] = queue(decide(organization))
    # The scope and one query; no other organization's mail is seen from there.
    with all_organizations(), django_assert_num_queries(5):
        assert reason_not_to_send(mail, at=MONDAY) is None
