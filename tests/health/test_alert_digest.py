from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.models import OutboxEmail, Suppression
from emails.suppression import lift, suppress
from health.models import Alert, NoticePreference
from health.notices.digest import Digests, queue_digests
from tests.factories import ClientFactory, MembershipFactory, UserFactory
from tests.health.alert_rows import alert_of

# Eight o'clock in Berlin, in winter.
EIGHT = datetime(2026, 11, 16, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MILD = {"kind": "inactivity", "severity": 2}


@pytest.fixture(autouse=True)
def _members(organization: Organization, outsider: Organization) -> None:
    MembershipFactory.create(organization=organization, user__email="ada@example.com")
    MembershipFactory.create(organization=outsider, user__email="stranger@example.com")


def raised(client: Client, at: datetime, **changes: object) -> Alert:
    return alert_of(client, **({"opened_at": at, "changed_at": at} | MILD | changes))


def digest(organization: Organization, at: datetime) -> Digests:
    with organization_scope(organization.pk):
        return queue_digests(organization.pk, as_of=at)


def subjects() -> list[tuple[str, str, str]]:
    with all_organizations():
        return list(OutboxEmail.objects.order_by("id").values_list("to_address", "key", "subject"))


def test_the_digest_comes_once_a_day_from_its_hour_on(organization: Organization, client_of_acme: Client) -> None:
    raised(client_of_acme, EIGHT - HOUR)
    assert [digest(organization, EIGHT + hours * HOUR) for hours in (-1, 0, 1, 15)] == [
        Digests(0, 0),
        Digests(1, 0),
        Digests(0, 0),
        Digests(0, 0),
    ]
    assert subjects() == [("ada@example.com", "2026-11-16", f"1 new alert · {organization.name}")]
    with all_organizations():
        text = OutboxEmail.objects.get().text
    assert "Open in all: Warning 1\n" in text
    assert "user-1, inactivity (warning): No activity since" in text


def test_a_late_digest_still_comes_that_day_and_skips_nothing(
    organization: Organization, client_of_acme: Client
) -> None:
    raised(client_of_acme, EIGHT - HOUR)
    digest(organization, EIGHT + 9 * HOUR)
    other = ClientFactory.create(organization=organization)
    raised(other, EIGHT + 10 * HOUR)
    # The next day nothing ran; the day after says it all.
    assert digest(organization, EIGHT + 2 * DAY) == Digests(1, 0)
    assert [key for _, key, _ in subjects()] == ["2026-11-16", "2026-11-18"]
    with all_organizations():
        text = OutboxEmail.objects.order_by("-id")[0].text
    assert str(other) in text
    assert "user-1" not in text


def test_what_commits_after_a_digest_is_told_by_the_next(organization: Organization, client_of_acme: Client) -> None:
    """A check that had begun before it."""
    raised(ClientFactory.create(organization=organization), EIGHT - HOUR)
    assert digest(organization, EIGHT) == Digests(1, 0)
    raised(client_of_acme, EIGHT - timedelta(seconds=30))
    assert [digest(organization, EIGHT + days * DAY) for days in (1, 2)] == [Digests(1, 0), Digests(0, 1)]


def test_what_changed_a_moment_ago_is_told_once(organization: Organization, client_of_acme: Client) -> None:
    raised(client_of_acme, EIGHT - timedelta(minutes=1))
    raised(ClientFactory.create(organization=organization), EIGHT - HOUR)
    assert [digest(organization, EIGHT + days * DAY) for days in (0, 1, 2)] == [
        Digests(1, 0),
        Digests(1, 0),
        Digests(0, 1),
    ]
    assert [subject for *_, subject in subjects()] == [f"1 new alert · {organization.name}"] * 2


def test_many_are_counted_and_the_first_of_them_listed(organization: Organization) -> None:
    clients = ClientFactory.create_batch(23, organization=organization)
    for client in clients:
        raised(client, EIGHT - HOUR)
    digest(organization, EIGHT)
    with all_organizations():
        mail = OutboxEmail.objects.get()
    assert mail.subject == f"23 new alerts · {organization.name}"
    assert (mail.text.count("No activity since"), "And 3 more." in mail.text) == (20, True)


def test_a_member_whose_address_bounced_is_left_out_until_that_is_lifted(
    organization: Organization, outsider: Organization, client_of_acme: Client
) -> None:
    raised(client_of_acme, EIGHT - HOUR)
    with all_organizations():
        suppress(organization.pk, "Ada@Example.com", reason=Suppression.Reason.BOUNCED, at=EIGHT)
        suppress(outsider.pk, "ada@example.com", reason=Suppression.Reason.BOUNCED, at=EIGHT)
    assert digest(organization, EIGHT) == Digests(0, 0)
    with all_organizations():
        lift(Suppression.objects.get(organization=organization), by=UserFactory.create(), at=EIGHT)
    assert digest(organization, EIGHT) == Digests(1, 0)


def test_without_news_there_is_no_mail(organization: Organization, client_of_acme: Client) -> None:
    raised(client_of_acme, EIGHT - 2 * DAY)
    assert (digest(organization, EIGHT), subjects()) == (Digests(0, 1), [])


@pytest.mark.parametrize(
    "handled",
    [
        {"acknowledged_at": EIGHT},
        {"snoozed_at": EIGHT - HOUR},
        {"snoozed_at": EIGHT - HOUR, "snoozed_until": EIGHT + HOUR},
        {"resolved_at": EIGHT, "resolution": "condition_ended"},
        {"kind": "zero_activity", "severity": 3},
    ],
    ids=["acknowledged", "snoozed till it changes", "snoozed", "resolved", "told at once"],
)
def test_what_is_handled_is_not_news(
    organization: Organization, client_of_acme: Client, handled: dict[str, object]
) -> None:
    raised(client_of_acme, EIGHT - HOUR, **handled)
    assert (digest(organization, EIGHT), subjects()) == (Digests(0, 1), [])


def test_what_has_woken_is_news(organization: Organization, client_of_acme: Client) -> None:
    raised(client_of_acme, EIGHT - 3 * DAY, snoozed_at=EIGHT - 2 * DAY, snoozed_until=EIGHT - HOUR)
    assert digest(organization, EIGHT) == Digests(1, 0)


def test_members_hear_what_they_chose_when_they_chose(organization: Organization, client_of_acme: Client) -> None:
    late = MembershipFactory.create(organization=organization, user__email="late@example.com").user
    never = MembershipFactory.create(organization=organization, user__email="never@example.com").user
    mine = MembershipFactory.create(organization=organization, user__email="mine@example.com").user
    with all_organizations():
        ada = Membership.objects.get(user__email="ada@example.com").user
        NoticePreference.objects.bulk_create(
            [
                NoticePreference(organization=organization, user=late, digest_hour=17, critical_at_once=False),
                NoticePreference(organization=organization, user=never, daily_digest=False),
                NoticePreference(organization=organization, user=mine, only_own=True),
            ]
        )
    raised(client_of_acme, EIGHT - HOUR, kind="zero_activity", severity=3, owner=ada)
    assert digest(organization, EIGHT) == Digests(0, 2)
    assert digest(organization, EIGHT + 9 * HOUR) == Digests(1, 2)
    assert [address for address, *_ in subjects()] == ["late@example.com"]
