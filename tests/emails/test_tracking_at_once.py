"""Requests that really come at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import uuid4

from django.db import connections

from accounts.tenancy import all_organizations
from emails.models import MailActivity, OutboxEmail
from emails.tracking.readers import Reader
from emails.tracking.recording import MailName, record_click, record_open
from tests.factories import OrganizationFactory

AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
LINKS = [f"https://success.example/feedback?rating={number}" for number in range(6)]


def test_a_scanner_that_follows_all_links_at_once_is_seen_whoever_comes_first(committed_db: None) -> None:
    with all_organizations():
        mail = OutboxEmail.objects.create(
            organization=OrganizationFactory.create(), kind="weekly-success", key="k", to_address="ada@example.com",
            uid=uuid4(), links=LINKS, status="sent", sent_at=AT.replace(hour=8), queued_at=AT, next_attempt_at=AT,
        )  # fmt: skip
    assert mail.organization_id is not None
    name, together = MailName(mail.organization_id, mail.uid), Barrier(len(LINKS))

    def follow(number: int) -> None:
        together.wait()
        record_click(name, number=number, target=LINKS[number], reader=Reader(), at=AT)
        record_open(name, reader=Reader(), at=AT)
        connections.close_all()

    with ThreadPoolExecutor(len(LINKS)) as pool:
        list(pool.map(follow, range(len(LINKS))))
    with all_organizations():
        rows = MailActivity.objects.order_by("kind", "id").values_list("kind", "is_automatic")
        assert list(rows) == [*[("clicked", True)] * len(LINKS), ("opened", False)]
