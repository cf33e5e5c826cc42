"""What a weekly mail costs, from the decision to the bytes that go over the wire."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median

from django.db import connection, transaction
from django.db.models import Max, Min

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from benchmarks.figures import count, table
from benchmarks.plain.mail import mail_of
from benchmarks.population import analyze, create_clients, create_organization
from emails.messages import message_of
from emails.models import OutboxEmail
from success.insights.writing import write_insights
from success.scoring import score_clients
from success.weekly_mail.queueing import queue_weekly_mails

PLAIN_SAMPLE = 500
ROUNDS = 3
# Who is asked every ninety days is asked in one weekly mail of thirteen.
ASKED = 13

ADDRESSES = """
    UPDATE accounts_client SET email = 'client.' || id || '@example.org', name = 'Ada Lovelace ' || id,
        language = CASE WHEN id %% 2 = 0 THEN 'de' ELSE '' END
    WHERE organization_id = %(organization)s
"""
CONSENT = """
    INSERT INTO emails_mailpreference
        (organization_id, client_id, category, is_agreed, frequency, source, changed_at)
    SELECT organization_id, id, category, true, 'weekly', 'preferences', now() - interval '60 days'
    FROM accounts_client CROSS JOIN unnest(ARRAY['weekly', 'feedback']) AS category
    WHERE organization_id = %(organization)s AND (category = 'weekly' OR id %% %(asked)s = 0)
"""


@dataclass(frozen=True)
class Measured:
    """Of one mail, in milliseconds of this process' CPU; the size in bytes as it goes over the wire."""

    way: str
    mails: int
    making_ms: float
    message_ms: float
    per_second: float
    size: float

    @property
    def cpu_ms(self) -> float:
        return self.making_ms + self.message_ms


def measure(*, mails: int, announce: Callable[[str], None]) -> list[Measured]:
    announce(f"  making {mails:,} clients with two weeks of scores and insights")
    period_end = datetime.now(UTC).date()
    period_end -= timedelta(days=period_end.weekday())
    organization = _populate(mails, period_end)
    measured = [_in_the_product(organization, period_end), _in_the_plain_way(organization, period_end)]
    for m in measured:
        announce(f"  {m.way}: {m.cpu_ms:.2f} ms of CPU a mail, {m.per_second:,.0f} mails/s")
    return measured


def _populate(clients: int, period_end: date) -> Organization:
    organization = create_organization(f"mail-{time.time_ns()}").organization
    create_clients(organization, clients=clients, period_end=period_end)
    with organization_scope(organization.pk):
        with connection.cursor() as cursor:
            for statement in (ADDRESSES, CONSENT):
                cursor.execute(statement, {"organization": organization.pk, "asked": ASKED})
        for week in (period_end - timedelta(weeks=1), period_end):
            score_clients(organization.pk, period_end=week, computed_at=datetime.now(UTC))
            write_insights(organization.pk, period_end=week, created_at=datetime.now(UTC))
    analyze()
    return organization


def _in_the_product(organization: Organization, period_end: date) -> Measured:
    rounds = [_round(organization, period_end) for _ in range(ROUNDS)]
    return Measured(
        "Mainstay",
        rounds[0].mails,
        *(median(getattr(each, name) for each in rounds) for name in ("making_ms", "message_ms", "per_second", "size")),
    )


def _round(organization: Organization, period_end: date) -> Measured:
    """Decide, gather, write and queue all of them, and make their messages; undone, to be done again."""
    with organization_scope(organization.pk):
        begun, cpu = time.perf_counter(), time.process_time()
        mails = queue_weekly_mails(organization.pk, period_end=period_end, as_of=datetime.now(UTC)).queued
        made = time.process_time()
        emails = OutboxEmail.objects.filter(organization=organization).iterator(chunk_size=500)
        size = sum(len(message_of(email).message().as_bytes()) for email in emails)
        ended, cpu_ended = time.perf_counter(), time.process_time()
        transaction.set_rollback(True)
    each = 1_000 / mails
    return Measured("", mails, (made - cpu) * each, (cpu_ended - made) * each, mails / (ended - begun), size / mails)


def _in_the_plain_way(organization: Organization, period_end: date) -> Measured:
    """A sample of the same mails, nothing decided and nothing stored."""
    with organization_scope(organization.pk):
        ids = Client.objects.filter(organization=organization).aggregate(first=Min("pk"), last=Max("pk"))
        step = max((ids["last"] - ids["first"]) // PLAIN_SAMPLE, 1)
        chosen = list(range(ids["first"], ids["last"], step))[:PLAIN_SAMPLE]
        begun, cpu = time.perf_counter(), time.process_time()
        sizes = [_plain_size(pk, period_end) for pk in chosen]
        ended, cpu_ended = time.perf_counter(), time.process_time()
    mails = len(chosen)
    return Measured(
        "one by one", mails, (cpu_ended - cpu) * 1_000 / mails, 0, mails / (ended - begun), sum(sizes) / mails
    )


def _plain_size(client_id: int, period_end: date) -> int:
    client = Client.objects.select_related("organization", "user").get(pk=client_id)
    return mail_of(client, period_end=period_end, as_of=datetime.now(UTC)).size


def report(measured: Sequence[Measured]) -> str:
    rows = [
        [
            m.way,
            f"{m.mails:,}",
            f"{m.cpu_ms:.2f}",
            f"{m.message_ms:.2f}" if m.message_ms else "in it",
            count(m.per_second),
            f"{m.size / 1_000:.1f}",
        ]
        for m in measured
    ]
    return table(["way", "mails", "ms of CPU a mail", "of it its MIME", "mails/s", "kB a mail"], rows)
