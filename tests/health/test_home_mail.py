"""The card about mail on the admin's home page."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from pytest_django.fixtures import Settings

from accounts.models import Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.models import Contact, OutboxEmail, Suppression
from health.home.mail import MailHealth, mail_health, reason_bars, state_bars
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.factories import ClientFactory

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MAILS, CONTACTS = "/admin/emails/outboxemail/", "/admin/emails/contact/"


@pytest.fixture(autouse=True)
def _own_cache(settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


def mails(organization: Organization | None, status: str, count: int = 1, *, ago: timedelta = DAY) -> None:
    with all_organizations():
        first = OutboxEmail.objects.count()
        for number in range(first, first + count):
            OutboxEmail.objects.create(
                organization=organization, kind="weekly-success", key=str(number), to_address="a@example.org",
                subject="Your week", text="", status=status, queued_at=NOW - ago, next_attempt_at=NOW,
            )  # fmt: skip


def not_sent(organization: Organization, reason: str, count: int = 1, *, ago: timedelta = DAY) -> None:
    for _ in range(count):
        client = ClientFactory.create(organization=organization)
        with all_organizations():
            Contact.objects.create(
                organization=organization, client=client, channel="email", kind="weekly-success", key="2026-11-16",
                priority=1, is_budgeted=True, decided_at=NOW - ago, status="skipped", reason=reason,
            )  # fmt: skip


def stopped(organization: Organization, reason: str, address: str, *, ago: timedelta = DAY) -> None:
    with all_organizations():
        Suppression.objects.create(organization=organization, address=address, reason=reason, at=NOW - ago)


def health_of(organization: Organization) -> MailHealth:
    with organization_scope(organization.pk):
        return mail_health(organization.pk, as_of=NOW)


@pytest.fixture
def _a_week(organization: Organization, outsider: Organization) -> None:
    for status, count in [("sent", 5), ("failed", 1), ("uncertain", 2), ("pending", 1), ("retry", 1), ("skipped", 1)]:
        mails(organization, status, count)
    mails(organization, "failed", ago=timedelta(days=7, seconds=1))
    not_sent(organization, "not_asked", 3)
    not_sent(organization, "budget")
    not_sent(organization, "budget", ago=8 * DAY)
    stopped(organization, "bounced", "gone@example.org")
    mails(outsider, "sent", 7)
    not_sent(outsider, "late", 2)
    stopped(outsider, "complained", "cross@example.org")


@pytest.mark.usefixtures("_a_week")
def test_an_organization_counts_its_own_mail_of_seven_days(organization: Organization) -> None:
    health = health_of(organization)
    assert health == MailHealth(
        {"sent": 5, "waiting": 2, "uncertain": 2, "failed": 1}, {"not_asked": 3, "budget": 1}, {"bounced": 1}
    )
    assert (health.handed_over, health.success_rate, health.success_percent, health.not_sent) == (8, 0.625, "62.5 %", 4)


@pytest.mark.usefixtures("_a_week")
def test_operators_count_everybodys_and_their_own(db: None) -> None:
    mails(None, "sent", 3)
    with all_organizations():
        assert mail_health(None, as_of=NOW) == MailHealth(
            {"sent": 15, "waiting": 2, "uncertain": 2, "failed": 1},
            {"not_asked": 3, "late": 2, "budget": 1},
            {"bounced": 1, "complained": 1},
        )


def test_a_rate_of_nothing_is_none_and_a_rate_below_one_is_not_rounded_up(organization: Organization) -> None:
    assert (health_of(organization).success_rate, health_of(organization).success_percent) == (None, "–")
    assert MailHealth({"sent": 9_999, "waiting": 0, "uncertain": 1, "failed": 0}, {}, {}).success_percent == "99.9 %"


@pytest.mark.usefixtures("_a_week")
def test_the_home_page_shows_it_to_members_and_operators(organization: Organization) -> None:
    with time_machine.travel(NOW, tick=False):
        page = browser_of(organization, Membership.Role.STAFF).get("/admin/").content.decode()
        everything = operators_browser().get("/admin/").content.decode()
    for text in ("62.5 % of 8 were taken", "4 messages not sent", "Never asked for consent", "Bounced: 1"):
        assert text in page
    assert "Complained" not in page
    assert "80.0 % of 15 were taken" in everything


@pytest.mark.usefixtures("_a_week")
def test_its_bars_lead_to_what_they_count(organization: Organization) -> None:
    browser, health = browser_of(organization, Membership.Role.STAFF), health_of(organization)
    bars = [*state_bars(health, address=MAILS)[1:], *reason_bars(health, address=CONTACTS)]
    lists = [browser.get(bar.address).context["cl"] for bar in bars]
    # Lists are of all times: one each is older than the week.
    assert [(bar.name, each.result_count) for bar, each in zip(bars, lists, strict=True)] == [
        ("waiting", 2),
        ("uncertain", 2),
        ("failed", 2),
        ("not_asked", 3),
        ("budget", 2),
    ]
    assert [filters.value() for filters in lists[-1].filter_specs if filters.title == "why not"] == ["budget"]


def test_before_the_first_mail_the_page_says_when_it_comes(organization: Organization) -> None:
    with time_machine.travel(NOW, tick=False):
        page = browser_of(organization, Membership.Role.STAFF).get("/admin/").content.decode()
    assert "No mail yet. The weekly mail goes out on Mondays" in page
