from datetime import timedelta
from typing import Any

import pytest
from django.db.models.signals import post_init

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.models import OutboxEmail
from health.models import Alert, NoticePreference
from health.notices.critical import queue_critical_notices
from tests.factories import ClientFactory, MembershipFactory
from tests.health.alert_rows import NOW, alert_of, entry_of

LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _members(organization: Organization, outsider: Organization) -> None:
    MembershipFactory.create(organization=organization, user__email="ada@example.com")
    MembershipFactory.create(organization=organization, user__email="")
    MembershipFactory.create(organization=organization, user__email="gone@example.com", user__is_active=False)
    MembershipFactory.create(organization=outsider, user__email="stranger@example.com")


def notify(organization: Organization, **changes: Any) -> int:
    with organization_scope(organization.pk):
        return queue_critical_notices(organization.pk, **({"at": NOW} | changes))


def mails() -> list[tuple[str, str]]:
    with all_organizations():
        return list(OutboxEmail.objects.order_by("id").values_list("to_address", "subject"))


def test_members_with_an_address_hear_of_a_critical_alert_once(
    organization: Organization, client_of_acme: Client
) -> None:
    alert = alert_of(client_of_acme)
    assert [notify(organization), notify(organization)] == [1, 0]
    assert mails() == [("ada@example.com", f"Zero activity: user-1 · {organization.name}")]
    with all_organizations():
        mail = OutboxEmail.objects.get()
    text = " ".join(mail.text.split())
    assert "user-1, zero activity (critical): No activity since Nov. 13, 2026, 9 a.m." in text
    assert "No activity since Nov. 13, 2026, 9 a.m." in mail.html
    assert f"http://localhost:8000/admin/health/alert/{alert.pk}/change/" in text


def test_many_at_once_are_one_mail(organization: Organization, client_of_acme: Client) -> None:
    for number in range(22):
        alert_of(ClientFactory.create(organization=organization, external_id=f"other-{number}"))
    alert_of(client_of_acme)
    notify(organization)
    assert mails() == [("ada@example.com", f"23 critical alerts · {organization.name}")]
    with all_organizations():
        text = OutboxEmail.objects.get().text
    assert text.count("No activity since") == 20
    assert "And 3 more." in text


def test_of_many_only_those_that_are_listed_are_read(organization: Organization, client_of_acme: Client) -> None:
    MembershipFactory.create(organization=organization, user__email="bob@example.com")
    for number in range(22):
        alert_of(ClientFactory.create(organization=organization, external_id=f"other-{number}"))
    read = list[Alert]()

    def count(instance: Alert, **_facts: Any) -> None:
        read.append(instance)

    post_init.connect(count, sender=Alert)
    try:
        assert notify(organization) == 2
    finally:
        post_init.disconnect(count, sender=Alert)
    assert len(read) == 20


def test_a_unit_tells_of_its_own_clients(organization: Organization, client_of_acme: Client) -> None:
    alert_of(client_of_acme)
    assert notify(organization, first_client=client_of_acme.pk + 1) == 0
    assert notify(organization, last_client=client_of_acme.pk - 1) == 0
    assert notify(organization, first_client=client_of_acme.pk, last_client=client_of_acme.pk) == 1


@pytest.mark.parametrize(
    "handled",
    [
        {"severity": 2, "kind": "inactivity"},
        {"acknowledged_at": NOW},
        {"snoozed_at": NOW},
        {"resolved_at": NOW, "resolution": "by_hand"},
    ],
    ids=["warning", "acknowledged", "snoozed", "resolved"],
)
def test_nothing_is_sent_for_what_is_mild_or_handled(
    organization: Organization, client_of_acme: Client, handled: dict[str, Any]
) -> None:
    alert_of(client_of_acme, **handled)
    assert (notify(organization), mails()) == (0, [])


def test_an_escalation_is_told_and_a_change_among_critical_ones_is_not(
    organization: Organization, client_of_acme: Client
) -> None:
    alert = alert_of(client_of_acme, changed_at=LATER)
    entry_of(alert, step="escalated", at=LATER, before={"severity": 3}, after={"severity": 3})
    assert notify(organization, at=LATER) == 0
    entry_of(alert, step="escalated", at=LATER, before={"severity": 2}, after={"severity": 3})
    assert notify(organization, at=LATER) == 1


def test_steps_of_members_are_no_news(organization: Organization, client_of_acme: Client) -> None:
    alert = alert_of(client_of_acme, changed_at=LATER)
    with all_organizations():
        member = Membership.objects.filter(organization=organization).first()
        assert member
        entry_of(alert, step="reopened", at=LATER, actor=member.user)
    assert notify(organization, at=LATER) == 0


@pytest.mark.parametrize(("wish", "owner", "expected"), [
    ({"critical_at_once": False}, None, 0),
    ({"only_own": True}, None, 1),
    ({"only_own": True}, "other", 0),
    ({"only_own": True}, "self", 1),
])  # fmt: skip
def test_members_hear_what_they_chose(
    organization: Organization, client_of_acme: Client, wish: dict[str, Any], owner: str | None, expected: int
) -> None:
    with all_organizations():
        ada, other, *_ = [each.user for each in Membership.objects.filter(organization=organization).order_by("id")]
        NoticePreference.objects.create(organization=organization, user=ada, **wish)
    alert_of(client_of_acme, owner={"self": ada, "other": other}.get(owner or ""))
    assert notify(organization) == expected
