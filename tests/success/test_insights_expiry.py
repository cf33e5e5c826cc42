from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Organization
from accounts.tenancy import organization_scope
from success.insights.expiry import delete_expired, expires_at
from success.insights.showing import shown_insights
from success.insights.writing import Written
from success.models import Insight
from tests.success.histories import store
from tests.success.test_insights_writing import chain
from tests.success.test_scoring import NOW, PERIOD_END, SILENT

SECOND = timedelta(seconds=1)
# Midnight of 2026-12-14 in Berlin.
EXPIRY = datetime(2026, 12, 13, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "period_end", "expected"),
    [
        ("UTC", date(2026, 11, 16), "2026-12-14T00:00"),
        ("Europe/Berlin", date(2026, 11, 16), "2026-12-13T23:00"),
        # Clocks change in between: 28 calendar days are not 28 · 24 hours.
        ("Europe/Berlin", date(2026, 3, 2), "2026-03-29T22:00"),
        ("Europe/Berlin", date(2026, 10, 5), "2026-11-01T23:00"),
        ("Pacific/Kiritimati", date(2026, 11, 16), "2026-12-13T10:00"),
        ("Pacific/Niue", date(2026, 11, 16), "2026-12-14T11:00"),
        # There are two midnights of that day: the first begins it.
        ("America/Havana", date(2026, 10, 4), "2026-11-01T04:00"),
        # There is none: the day begins at one o'clock.
        ("America/Havana", date(2026, 2, 8), "2026-03-08T05:00"),
        # The whole day was left out when the islands changed sides.
        ("Pacific/Apia", date(2011, 12, 2), "2011-12-30T10:00"),
    ],
)
def test_insights_expire_as_the_day_begins_there(zone: str, period_end: date, expected: str) -> None:
    assert expires_at(period_end, timezone=ZoneInfo(zone)) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(("created_at", "written"), [(EXPIRY - SECOND, Written(1, 2)), (EXPIRY, Written(0, 0))])
def test_nothing_is_written_that_has_expired(
    organization: Organization, created_at: datetime, written: Written
) -> None:
    store(organization, [SILENT])
    assert chain(organization, created_at=created_at) == written


def test_expired_insights_are_deleted_and_not_shown(organization: Organization, outsider: Organization) -> None:
    store(organization, [SILENT])
    store(outsider, [SILENT])
    for each in (organization, outsider):
        chain(each)
        chain(each, period_end=date(2026, 11, 9))
    with organization_scope(organization.pk):
        client = Insight.objects.all()[0].client
        assert set(Insight.objects.filter(period_end=PERIOD_END).values_list("expires_at", flat=True)) == {EXPIRY}
        assert len(shown_insights(client, as_of=NOW)) == 4
        assert len(shown_insights(client, as_of=EXPIRY - SECOND)) == 2
        assert len(shown_insights(client, as_of=EXPIRY)) == 0
        assert [delete_expired(organization.pk, as_of=EXPIRY - SECOND) for _ in range(2)] == [2, 0]
        assert set(Insight.objects.values_list("period_end", flat=True)) == {PERIOD_END}
        assert delete_expired(organization.pk, as_of=EXPIRY) == 2
    with organization_scope(outsider.pk):
        assert Insight.objects.count() == 4


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue", "America/Havana", "UTC"])
def test_the_moment_of_expiry_is_exact_everywhere(organization: Organization, zone: str) -> None:
    with organization_scope(organization.pk):
        Organization.objects.update(timezone=zone)
    store(organization, [SILENT])
    chain(organization, created_at=NOW + timedelta(days=1))
    with organization_scope(organization.pk):
        expiry = Insight.objects.all()[0].expires_at
        assert delete_expired(organization.pk, as_of=expiry - SECOND) == 0
        assert delete_expired(organization.pk, as_of=expiry) == 2
