from datetime import date, datetime, timedelta

from django.test import Client as Browser

from accounts.models import Membership, Organization
from accounts.tenancy import organization_scope
from health.models import Alert
from health.precision.churn import alert_lead_times, alert_rules
from health.precision.verdicts import verdicts
from success.backtest.judging import backtest
from success.models import Churn
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.factories import ClientFactory
from tests.health.alert_rows import NOW, alert_of, entry_of
from tests.success.scored_clients import add_score

ADDRESS = "/admin/health/alert/precision/"
MONDAY = date(2026, 8, 3)


def judge(organization: Organization, *given: str) -> None:
    for verdict in given:
        alert_of(ClientFactory.create(organization=organization), verdict=verdict)


def test_the_precision_of_a_kind_is_of_its_judged_alerts(organization: Organization, outsider: Organization) -> None:
    judge(organization, "useful", "useful", "useful", "noise", "useful", "", "")
    judge(outsider, "noise", "noise")
    alert_of(ClientFactory.create(organization=organization), opened_at=NOW - timedelta(days=181), verdict="noise")
    with organization_scope(organization.pk):
        of = {each.kind: each for each in verdicts(organization.pk, as_of=NOW)}
    zero = of[Alert.Kind.ZERO_ACTIVITY]
    assert (zero.alerts, zero.judged, zero.useful, zero.share) == (7, 5, 4, 0.8)
    # Wilson's for 4 of 5, from published tables.
    assert zero.interval is not None
    assert (round(zero.interval.low, 3), round(zero.interval.high, 3)) == (0.376, 0.964)
    assert (of[Alert.Kind.CHURN_RISK].alerts, of[Alert.Kind.CHURN_RISK].share) == (0, None)


def test_an_alert_that_is_open_as_the_kind_is_the_rules_alarm(organization: Organization) -> None:
    """Twelve clients left of 24; on the Monday eight of them and two others were at zero activity."""
    before = datetime(2026, 8, 1, 12, tzinfo=NOW.tzinfo)
    for number in range(24):
        client = ClientFactory.create(organization=organization)
        add_score(client, period_end=MONDAY, overall=50, band="attention")
        if number < 12:
            with organization_scope(organization.pk):
                Churn.objects.create(
                    organization=organization, client=client, churned_on=MONDAY + timedelta(days=9), marked_at=NOW
                )
        if number < 8 or number >= 22:
            alert = alert_of(client, opened_at=before)
            entry_of(alert, step="escalated", at=before, after={"kind": "zero_activity", "severity": 3})
        if number == 20:
            alert = alert_of(client, opened_at=before)
            entry_of(alert, step="resolved", at=before + timedelta(hours=1))
        if number in {9, 21}:
            alert_of(client, opened_at=before + timedelta(days=3))
    with organization_scope(organization.pk):
        figures = backtest(organization.pk, as_of=NOW.date(), horizons=(60,), rules=alert_rules()).horizons[0]
        leads = alert_lead_times(organization.pk, as_of=NOW.date())
    zero = figures.rules["zero_activity"]
    assert (zero.precision.hits, zero.precision.of, zero.recall.hits, zero.recall.of) == (8, 10, 8, 12)
    assert figures.rules["inactivity"].precision.of == 0
    assert (list(leads["zero_activity"].days), leads["zero_activity"].unwarned) == ([(8, 1), (11, 8)], 3)


def test_the_page_is_of_the_members_organization(organization: Organization, outsider: Organization) -> None:
    judge(outsider, *["useful"] * 6)
    page = browser_of(organization, Membership.Role.OWNER).get(ADDRESS, {"organization": outsider.pk})
    assert page.status_code == 200
    assert "6 of 6" not in page.content.decode()
    assert "not enough verdicts" in page.content.decode()
    assert "6 of 6" in operators_browser().get(ADDRESS, {"organization": outsider.pk}).content.decode()
    assert "6 of 6" in operators_browser().get(ADDRESS).content.decode()


def test_a_stranger_signs_in_first(db: None) -> None:
    assert Browser().get(ADDRESS).status_code == 302
