"""The clients of a weekly chain, with histories of which it is known beforehand what alerts must come of them.

The events that flow in meanwhile are those of visitors, who are apart: nothing about a client depends on when it is
looked at.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg

from proofs.installation import Installation

VISITORS = 200
NAMES = ("login", "task_completed", "content_generated", "page_view")
INFO, WARNING, CRITICAL = 1, 2, 3

# How long ago a client's last event was, and the alert of it; None is no event in the 60 days since it signed up.
SILENCES: tuple[tuple[timedelta | None, tuple[str, int] | None], ...] = (
    (timedelta(hours=12), None),
    (timedelta(hours=60), ("inactivity", WARNING)),
    (timedelta(days=5), ("zero_activity", CRITICAL)),
    (timedelta(days=30), ("user_inactivity", WARNING)),
    (None, ("user_inactivity", CRITICAL)),
)
# Every so many clients have a task that nobody touches, or were busy until the week before and did nothing since.
STALLED_EVERY, FALLEN_EVERY = 7, 11

POPULATE = """
    WITH organization AS (SELECT id FROM accounts_organization WHERE slug = 'proof'),
    client AS (
        INSERT INTO accounts_client (organization_id, external_id, name, email, status, signed_up_at, created_at)
        SELECT id, kind || '-' || n, 'Client ' || n,
               CASE WHEN kind = 'client' THEN 'client-' || n || '@example.org' ELSE '' END, 'active',
               %(now)s - interval '60 days', %(now)s - interval '60 days'
        FROM organization, (SELECT 'client' AS kind, generate_series(0, %(clients)s - 1) AS n
                            UNION ALL SELECT 'visitor', generate_series(0, %(visitors)s - 1)) AS made
        RETURNING organization_id, id, email
    ), policy AS (
        INSERT INTO emails_contactpolicy (organization_id, version, note, weekly_cap, send_from_hour, send_until_hour,
                                          business_days_only, created_at)
        SELECT id, 1, '', 3, 0, 24, false, %(now)s FROM organization
    )
    INSERT INTO emails_mailpreference
        (organization_id, client_id, category, is_agreed, frequency, source, changed_at)
    SELECT organization_id, id, 'weekly', true, 'weekly', 'api', %(now)s FROM client WHERE email <> ''
"""
STALLED = f"""
    INSERT INTO success_task (organization_id, client_id, title, status, is_onboarding, created_at, updated_at)
    SELECT organization_id, id, 'A task', 'in_progress', false, %(now)s - interval '9 days',
           %(now)s - interval '4 days'
    FROM accounts_client
    WHERE external_id LIKE 'client-%%' AND substr(external_id, 8)::int %% {STALLED_EVERY} = 0
"""

# One start of Python for all of them.
COMMANDS = """
import json, sys
import django; django.setup()
from django.core.management import call_command
for command in json.loads(sys.argv[1]):
    call_command(*command)
"""


def populate(ours: Installation, *, clients: int, now: datetime) -> None:
    """Clients with events, tasks and the scores of the week before; and the schedules."""
    facts = {"now": now, "clients": clients, "visitors": VISITORS}
    ours.change(POPULATE, facts)
    ours.change(STALLED, facts)
    history = ours.logs / "history.ndjson"
    history.write_text("".join(f"{json.dumps(event)}\n" for event in events(clients=clients, now=now)))
    week_before = (monday_of(now) - timedelta(days=7)).date().isoformat()
    run_commands(
        ours,
        ["import_events", str(history), "--organization", "proof"],
        ["score", "--period-end", week_before],
        ["sync_schedules"],
    )
    with psycopg.connect(ours.environment["DATABASE_OWNER_URL"], autocommit=True) as connection:
        # What autovacuum would do within a minute.
        connection.execute("ANALYZE")


def run_commands(ours: Installation, *commands: list[str]) -> str:
    """What they printed; raises CalledProcessError when one of them fails."""
    call = [sys.executable, "-c", COMMANDS, json.dumps(commands)]
    return subprocess.run(call, env=ours.environment, check=True, capture_output=True, text=True).stdout


def monday_of(now: datetime) -> datetime:
    """The period end of the chain."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())


def events(*, clients: int, now: datetime) -> Iterator[dict[str, str]]:
    for number in range(clients):
        for count, occurred_at in enumerate(_times(number, now=now)):
            yield {
                "clientId": f"client-{number}",
                "name": NAMES[(number + count) % len(NAMES)],
                "occurredAt": occurred_at.astimezone(UTC).isoformat(),
                "messageId": f"history-{number}-{count}",
            }


def _times(number: int, *, now: datetime) -> list[datetime]:
    if number % FALLEN_EVERY == 0:
        last = monday_of(now) - timedelta(days=7)
        return [last - timedelta(hours=hours) for hours in [*range(12, 168, 12), 200, 250, 300]]
    ago, _alert = SILENCES[number % len(SILENCES)]
    return [now - ago - timedelta(days=day) for day in range(1 + number % 4)] if ago else []


def expected_alerts(*, clients: int) -> set[tuple[str, str, str, int]]:
    """Client, matter, kind and severity, by the rules in words: 48 hours, 3, 21 and 45 days; 72 hours; 20 points."""
    return {(f"client-{number}", *alert) for number in range(clients) for alert in _alerts_of(number)}


def _alerts_of(number: int) -> Iterator[tuple[str, str, int]]:
    if number % FALLEN_EVERY == 0:
        yield "silence", "zero_activity", CRITICAL
        yield "score", "score_drop", WARNING
    elif alert := SILENCES[number % len(SILENCES)][1]:
        yield "silence", *alert
    if number % STALLED_EVERY == 0:
        yield "tasks", "task_stalled", WARNING
