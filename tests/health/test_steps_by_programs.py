"""How staff see what programs did with alerts."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Client, Membership, Organization
from tests.accounts.admin_pages import browser_of
from tests.factories import ClientFactory
from tests.health.alert_rows import NOW, alert_of, entry_of
from tests.health.consoles import page_of, take, told, user_of

LATER = NOW + timedelta(hours=1)
BOT = "Slack bot (sk_12345…)"


@pytest.fixture
def ann(organization: Organization) -> Browser:
    browser = browser_of(organization, Membership.Role.STAFF)
    user = user_of(browser)
    user.first_name, user.last_name = "Ann", "Lee"
    user.save()
    return browser


@pytest.mark.parametrize(
    ("for_a_member", "expected"), [(False, f"API key {BOT}"), (True, f"Ann Lee, by API key {BOT}")]
)
def test_the_page_names_the_key(ann: Browser, client_of_acme: Client, for_a_member: bool, expected: str) -> None:
    member = user_of(ann) if for_a_member else None
    alert = alert_of(client_of_acme, acknowledged_at=LATER, acknowledged_by=member)
    entry_of(alert, step="acknowledged", at=LATER, actor=member, api_key=BOT)
    response = ann.get(page_of(alert))
    assert [(entry.title, entry.actor) for entry in response.context["page"].log] == [
        ("Acknowledged", expected),
        ("Opened", ""),
    ]
    assert f"Acknowledged by {expected}, Nov. 16, 2026" in response.content.decode()


def test_the_page_names_the_key_that_resolved(ann: Browser, client_of_acme: Client) -> None:
    resolved = alert_of(client_of_acme, resolved_at=LATER, resolution="by_hand")
    entry_of(resolved, step="resolved", at=LATER, api_key=BOT)
    other = ClientFactory.create(organization=client_of_acme.organization)
    by_itself = alert_of(other, resolved_at=LATER, ended_at=LATER, resolution="condition_ended")
    assert f"Resolved by hand (API key {BOT}), Nov. 16, 2026" in ann.get(page_of(resolved)).content.decode()
    assert "The condition ended, Nov. 16, 2026" in ann.get(page_of(by_itself)).content.decode()


def test_who_comes_after_a_program_is_told(ann: Browser, client_of_acme: Client) -> None:
    alert = alert_of(client_of_acme, acknowledged_at=LATER)
    entry_of(alert, step="acknowledged", at=LATER, api_key=BOT)
    assert told(take(ann, "acknowledge", alert)) == [f"Acknowledged before: 1 (API key {BOT}, 11/16/2026 11 a.m.)"]


def test_the_clients_timeline_names_the_key(ann: Browser, client_of_acme: Client) -> None:
    alert = alert_of(client_of_acme, opened_at=timezone.now() - timedelta(days=1))
    entry_of(alert, step="noted", at=timezone.now() - timedelta(hours=1), actor=user_of(ann), api_key=BOT, note="Hm.")
    lines = ann.get(f"/admin/accounts/client/{client_of_acme.pk}/overview/").context["page"].lines
    shown = [(line.title, line.actor) for line in lines if line.kind == "alert"]
    assert shown == [("Zero activity: noted", f"Ann Lee, by API key {BOT}"), ("Zero activity: opened", "")]
