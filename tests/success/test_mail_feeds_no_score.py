"""Mail that is opened or clicked says nothing of how a client is doing."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from django.test import Client as Browser

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.models import MailActivity, OutboxEmail
from success.models import Score
from success.scoring import score_clients
from telemetry.models import ClientActivity, DailyActivity, Event
from tests.success.scored_clients import add_activity

PERIOD_END = date(2026, 11, 16)
SENT = datetime(2026, 11, 10, 8, tzinfo=UTC)
NOW = datetime(2026, 11, 16, 7, tzinfo=UTC)


def scored(organization: Organization) -> Any:
    with organization_scope(organization.pk):
        score_clients(organization.pk, period_end=PERIOD_END, computed_at=NOW)
        return Score.objects.values().get()


def events() -> list[Any]:
    with all_organizations():
        return [list(model._default_manager.values()) for model in (Event, DailyActivity, ClientActivity)]


def test_opens_and_clicks_change_no_score_and_no_activity(organization: Organization, client_of_acme: Client) -> None:
    with all_organizations():
        Client.objects.filter(pk=client_of_acme.pk).update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    add_activity(client_of_acme, {date(2026, 11, 9): 3, date(2026, 11, 12): 2})
    before, known = scored(organization), events()
    with all_organizations():
        mail = OutboxEmail.objects.create(
            organization=organization, client=client_of_acme, kind="weekly-success", key="k", uid=uuid4(),
            to_address="ada@example.com", links=["https://success.example/"], status="sent", sent_at=SENT,
            queued_at=SENT, next_attempt_at=SENT,
        )  # fmt: skip
    name = f"{organization.pk}.{mail.uid.hex}"
    for address in (f"/mail/o/{name}.gif", f"/mail/c/{name}/0"):
        assert Browser().get(address, headers={"User-Agent": "Mozilla/5.0 (X11) Firefox/128.0"}).status_code < 400
    with all_organizations():
        for kind in MailActivity.Kind:
            MailActivity.objects.create(
                organization=organization, email=mail, kind=kind, source="provider", at=SENT, event_key="1"
            )
        assert MailActivity.objects.count() == 2 + len(MailActivity.Kind)
    assert (scored(organization), events()) == (before, known)
