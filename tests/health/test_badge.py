import re

from django.test import Client as Browser
from django.utils.html import strip_tags

from accounts.models import Client, Membership, Organization
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.factories import ClientFactory, UserFactory
from tests.health.alert_rows import NOW, alert_of
from tests.sessions import sign_in

BADGE = "/admin/health/alert/badge/"


def alerts(organization: Organization, outsider: Organization, client: Client) -> None:
    alert_of(client)
    alert_of(client, matter="tasks", kind="task_stalled", severity=2)
    alert_of(client, matter="score", kind="score_drop", severity=2, acknowledged_at=NOW)
    alert_of(client, matter="churn", kind="churn_risk", snoozed_at=NOW)
    alert_of(ClientFactory.create(organization=organization), resolved_at=NOW, resolution="condition_ended")
    alert_of(ClientFactory.create(organization=outsider))


def test_the_badge_counts_open_alerts_of_the_own_organization(
    organization: Organization, outsider: Organization, client_of_acme: Client
) -> None:
    alerts(organization, outsider, client_of_acme)
    assert browser_of(organization, Membership.Role.STAFF).get(BADGE).json() == {
        "total": 2,
        "bySeverity": {"critical": 1, "warning": 1, "info": 0},
        "url": "http://localhost:8000/admin/health/alert/",
    }
    assert operators_browser().get(BADGE).json()["total"] == 3


def test_who_has_no_place_gets_no_badge(organization: Organization) -> None:
    browser = sign_in(Browser(), UserFactory.create(is_staff=True))
    assert browser.get(BADGE).status_code == 403


def test_staff_pages_show_the_number_and_none_when_there_is_nothing(
    organization: Organization, outsider: Organization, client_of_acme: Client
) -> None:
    browser = browser_of(organization, Membership.Role.STAFF)
    before = browser.get("/admin/").content.decode()
    assert "No open alerts." in before
    assert "sidebar_badge" not in before
    alerts(organization, outsider, client_of_acme)
    links = re.findall(r'<a href="/admin/health/alert/([^"]*)">(.+?)</a>', browser.get("/admin/").content.decode())
    assert [(address, strip_tags(text)) for address, text in links] == [
        ("", "2 open alerts"),
        ("?severity__exact=3", "1 critical"),
        ("?severity__exact=2", "1 warning"),
    ]
