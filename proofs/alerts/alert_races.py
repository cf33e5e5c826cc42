"""Eight processes check the same clients 10,000 times each while these fall silent and come back: no alert is doubled,
no error surfaces, and every alert's log tells a story without gaps."""

import sys
import time

from proofs.installation import Installation, installation

PROCESSES = 8
EVALUATIONS = 10_000
CLIENTS = 40
PATIENCE_SECONDS = 3_600

POPULATE = f"""
    WITH organization AS (
        INSERT INTO accounts_organization
            (name, slug, status, timezone, creates_unknown_clients, runs_jobs, is_simulated, created_at)
        VALUES ('Proof', 'proof', 'active', 'UTC', true, true, false, now()) RETURNING id
    ),
    client AS (
        INSERT INTO accounts_client (organization_id, external_id, name, email, status, created_at)
        SELECT id, 'client-' || n, '', '', 'active', now() FROM organization, generate_series(1, {CLIENTS}) n
        RETURNING organization_id, id
    )
    INSERT INTO telemetry_clientactivity (organization_id, client_id, first_at, last_at)
    SELECT organization_id, id, now(), now() FROM client RETURNING organization_id
"""
# Arguments: organization, evaluations, seed, and the database where it is not the environment's. Every evaluation
# reads what another process has just made of three clients.
CHECKER = """
import random, sys
import django; django.setup()
from datetime import UTC, datetime, timedelta
from django.conf import settings
organization, evaluations, seed, *database = sys.argv[1:]
if database:
    settings.DATABASES["default"]["NAME"] = database[0]
from accounts.tenancy import organization_scope
from health.checking import check_clients
from telemetry.models import ClientActivity
organization, dice, now = int(organization), random.Random(int(seed)), datetime(2026, 11, 18, tzinfo=UTC)
with organization_scope(organization):
    clients = sorted(ClientActivity.objects.values_list("client_id", flat=True))
for _ in range(int(evaluations)):
    with organization_scope(organization):
        for client in sorted(dice.sample(clients, 3)):
            at = now - dice.choice([1, 50, 80, 600]) * timedelta(hours=1)
            ClientActivity.objects.filter(organization=organization, client=client).update(last_at=at)
    with organization_scope(organization):
        check_clients(organization, as_of=now + dice.randrange(99) * timedelta(seconds=1))
"""
ENTRIES = """
    SELECT alert_id, array_agg(step ORDER BY id), array_agg(before ORDER BY id), array_agg(after ORDER BY id)
    FROM health_alertentry GROUP BY alert_id
"""
Entry = tuple[str, dict[str, object], dict[str, object]]


def prove() -> bool:
    """Print the figures; True when one alert stands for each client and no process failed."""
    with installation() as ours:
        organization = ours.ask(POPULATE)[0][0]
        started = time.monotonic()
        ends = _race(ours, str(organization))
        seconds = time.monotonic() - started
        alerts = ours.ask("SELECT count(*), count(DISTINCT client_id) FROM health_alert")[0]
        stories = [list(zip(*parts, strict=True)) for _, *parts in ours.ask(ENTRIES)]
        steps = sum(map(len, stories))
        failed = sum(end != 0 for end in ends)
    whole = sum(map(is_a_story, stories))
    print(
        f"alert_races: {PROCESSES} × {EVALUATIONS:,} evaluations of {CLIENTS} clients in {seconds:.0f} s:"
        f" {alerts[0]} alerts of {alerts[1]} clients took {steps:,} steps;"
        f" {whole} logs without gaps, {failed} processes failed"
    )
    return failed == 0 and alerts == (CLIENTS, CLIENTS) and whole == CLIENTS and steps > CLIENTS


def _race(ours: Installation, organization: str) -> list[int]:
    checkers = [
        ours.start(sys.executable, "-c", CHECKER, organization, str(EVALUATIONS), str(seed), log=f"checker-{seed}.log")
        for seed in range(PROCESSES)
    ]
    return [checker.wait(PATIENCE_SECONDS) for checker in checkers]


def is_a_story(entries: list[Entry]) -> bool:
    """Opened or reopened and resolved in turn, and each change begins where the one before it ended."""
    state: dict[str, object] = {}
    is_open = False
    for step, before, after in entries:
        if (step in {"opened", "reopened"}) == is_open or before != ({} if step in {"opened", "resolved"} else state):
            return False
        is_open = step != "resolved"
        state = after if is_open else state
    return True
