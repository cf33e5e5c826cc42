"""Clients who agreed to the weekly mail, and what stands in the mails queued for them."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.models import MailPreference, OutboxEmail
from success.weekly_mail.queueing import WeeklyQueued, queue_weekly_mails

WEEK = date(2026, 11, 16)
MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
AGREED_AT = datetime(2026, 10, 3, 22, 30, tzinfo=UTC)


def agree(clients: Sequence[Client], *categories: str, **changes: Any) -> None:
    """To these categories, the weekly mail without any; those without an address get one."""
    fields = {"is_agreed": True, "source": "preferences", "changed_at": AGREED_AT} | changes
    with all_organizations():
        for client in clients:
            client.email = client.email or f"client.{client.pk}@example.org"
        Client.objects.bulk_update(clients, ["email"])
        MailPreference.objects.bulk_create(
            MailPreference(organization_id=client.organization_id, client=client, category=category, **fields)
            for client in clients
            for category in categories or ["weekly"]
        )


def queue(organization: Organization, *, week: date = WEEK, as_of: datetime = MONDAY, **range_: Any) -> WeeklyQueued:
    with organization_scope(organization.pk):
        return queue_weekly_mails(organization.pk, period_end=week, as_of=as_of, **range_)


def mails() -> list[OutboxEmail]:
    with all_organizations():
        return list(OutboxEmail.objects.order_by("client_id", "id"))


def the_mail() -> OutboxEmail:
    [mail] = mails()
    return mail


def words(html: str) -> str:
    """What is read of HTML, in one line."""
    return " ".join(Words(html).text.split())


class Words(HTMLParser):
    """Without styles and title."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.hidden = "", 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in {"style", "title"}
        self.text += " "

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"style", "title"}
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += "" if self.hidden else data


def links(html: str) -> list[str]:
    return re.findall(r'<a [^>]*href="([^"]*)"', html)


def weeks_before(week: date, count: int) -> list[date]:
    """Oldest first, `week` the last of them."""
    return [week - timedelta(weeks=back) for back in reversed(range(count))]
