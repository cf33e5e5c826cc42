"""The admin's home page counts what is there, for those who may see it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from health.home.activity import Waiting, recent_activity, waiting
from health.home.scores import WeekOfScores, newest_weeks
from success.models import Score, ScoringPolicy
from telemetry.models import DailyActivity, Event, QuarantinedEvent
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.factories import ClientFactory
from tests.gates.rows import COUNTS

NOW = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
MONDAY = NOW.date() - timedelta(days=2)


@pytest.fixture(autouse=True)
def _own_cache(settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


def score(client: Client, overall: int | None, band: str, *, weeks_ago: int = 0, days: int = 0) -> None:
    with all_organizations():
        Score.objects.create(
            organization=client.organization,
            client=client,
            period_end=MONDAY - timedelta(weeks=weeks_ago, days=-days),
            policy=ScoringPolicy.objects.get(organization=None, version=1),
            timezone="UTC",
            computed_at=NOW,
            overall=overall,
            band=band,
            coverage=100,
            age_days=100,
            has_events=True,
            launch_kit_viewed=False,
            **COUNTS,
        )


def scored(organization: Organization, now: int | None, band: str, before: int | None = None) -> Client:
    client: Client = ClientFactory.create(organization=organization)
    score(client, now, band)
    if before is not None:
        score(client, before, "good", weeks_ago=1)
    return client


def bands(**counts: int) -> dict[str, int]:
    return dict.fromkeys(["excellent", "good", "attention", "at_risk", "no_band"], 0) | counts


def test_the_newest_week_is_counted_by_band_and_movement(organization: Organization, outsider: Organization) -> None:
    scored(organization, 85, "excellent", before=80)
    scored(organization, 30, "at_risk", before=35)
    scored(organization, 64, "good", before=60)
    someone = scored(organization, None, "")
    score(someone, 99, "excellent", days=2)  # by hand, on a Wednesday
    scored(outsider, 10, "at_risk", before=90)
    with organization_scope(organization.pk):
        weeks = newest_weeks(organization.pk, most=5)
    of_acme = (4, bands(excellent=1, good=1, at_risk=1, no_band=1), 1, 1, 1)
    assert weeks == [
        WeekOfScores(None, None, None, *of_acme),
        WeekOfScores(organization.pk, organization.name, MONDAY, *of_acme),
    ]
    assert weeks[0].without_comparison == 1


def test_operators_see_all_together_then_the_organizations_worst_first(
    organization: Organization, outsider: Organization
) -> None:
    scored(organization, 85, "excellent")
    scored(outsider, 10, "at_risk")
    with all_organizations():
        weeks = newest_weeks(None, most=1)
    assert [(week.organization_id, week.scored, week.bands["at_risk"]) for week in weeks] == [
        (None, 2, 1),
        (outsider.pk, 1, 1),
    ]


def test_days_are_those_of_the_organizations_own_calendar(organization: Organization, outsider: Organization) -> None:
    # It is the 19th in Berlin already, and still the 18th in UTC.
    for owner, day, total in ((organization, 19, 5), (organization, 18, 7), (organization, 11, 9), (outsider, 18, 3)):
        with all_organizations():
            DailyActivity.objects.create(
                organization=owner,
                client=ClientFactory.create(organization=owner),
                day=NOW.date().replace(day=day),
                total=total,
                first_at=NOW,
                last_at=NOW,
            )
    with all_organizations():
        everybody, own = recent_activity(None, as_of=NOW), recent_activity(organization.pk, as_of=NOW)
    assert own.days == [0, 0, 0, 0, 0, 0, 7, 5]
    assert everybody.days == [0, 0, 0, 0, 0, 0, 7, 8]
    assert everybody.by_organization == {organization.pk: 12, outsider.pk: 3}


def test_what_waits_is_counted(organization: Organization, outsider: Organization) -> None:
    with all_organizations():
        own = [(organization, name) for name in ("Board Moved", "Board Moved", "Note Written")]
        for number, (owner, name) in enumerate([*own, (outsider, "Board Moved")]):
            Event.objects.create(
                organization=owner, message_id=str(number), call="track", name=name, category="engagement",
                occurred_at=NOW, received_at=NOW, received_month=NOW.date().replace(day=1),
            )  # fmt: skip
            QuarantinedEvent.objects.create(
                organization=owner, message_id=str(number), reason="time_unreadable", message={}, received_at=NOW,
                replayed_at=NOW if number == 0 else None,
            )  # fmt: skip
        assert waiting(organization.pk) == Waiting(quarantined=2, unmapped_names=2)
        assert waiting(None) == Waiting(quarantined=3, unmapped_names=3)


def test_a_member_sees_their_own_figures_only(organization: Organization, outsider: Organization) -> None:
    scored(organization, 85, "excellent")
    scored(outsider, 10, "at_risk")
    page = browser_of(organization, Membership.Role.STAFF).get("/admin/")
    assert (page.context["week"].scored, page.context["organizations"]) == (1, [])
    assert outsider.name not in page.content.decode()


def test_an_operator_sees_each_organization(organization: Organization, outsider: Organization) -> None:
    scored(organization, 85, "excellent")
    scored(outsider, 10, "at_risk")
    page = operators_browser().get("/admin/")
    assert [line["week"].organization for line in page.context["organizations"]] == [outsider.name, organization.name]


def test_an_empty_installation_says_so(db: None) -> None:
    text = operators_browser().get("/admin/").content.decode()
    assert "No weekly scores yet" in text


def test_the_home_page_takes_as_many_queries_with_many_rows(
    organization: Organization, outsider: Organization, settings: Settings
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    browser = operators_browser()
    scored(organization, 85, "excellent")
    browser.get("/admin/")
    with CaptureQueriesContext(connection) as one:
        browser.get("/admin/")
    scored(organization, 30, "at_risk", before=70)
    scored(outsider, 30, "at_risk", before=70)
    with CaptureQueriesContext(connection) as three:
        browser.get("/admin/")
    assert len(three) == len(one)


def test_figures_are_remembered_for_some_minutes_by_organization(
    organization: Organization, outsider: Organization
) -> None:
    scored(organization, 85, "excellent")
    browser = browser_of(organization, Membership.Role.STAFF)
    assert browser.get("/admin/").context["week"].scored == 1
    scored(organization, 85, "excellent")
    scored(outsider, 85, "excellent")
    assert browser.get("/admin/").context["week"].scored == 1
    assert operators_browser().get("/admin/").context["week"].scored == 3


def test_without_the_cache_the_page_is_there(organization: Organization, settings: Settings) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    scored(organization, 85, "excellent")
    assert browser_of(organization, Membership.Role.STAFF).get("/admin/").context["week"].scored == 1
