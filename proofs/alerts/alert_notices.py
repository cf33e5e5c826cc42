"""The worker is killed with -9 at every step between raising an alert and noticing it, and sixty times at random: in
the end each critical alert is told to each member in one mail, and each member has the digest once."""

import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from devserver import processes
from proofs.alerts.gates import GATES, GATES_OF_DIGESTS, Gate, build_gates, closed, wait_for_one_at
from proofs.installation import Installation, installation

CHECK, DIGEST = "health-check", "alert-digest"
AT_RANDOM = 600
KILLS_OF_EACH = 30
MEMBERS = 3
CRITICAL, MILD = 3, 2
PATIENCE_SECONDS = 300
SEED = 20_261_121

# Where it is about noon, every digest is due and no day ends meanwhile. Clients were last active so many hours ago:
# 80 are zero activity, 50 inactivity, and 1 is nothing to tell of.
POPULATE = f"""
    WITH organization AS (
        INSERT INTO accounts_organization
            (name, slug, status, timezone, creates_unknown_clients, runs_jobs, is_simulated, created_at)
        SELECT 'Proof ' || n, 'proof-' || n, 'active', %s, true, true, false, now()
        FROM generate_series(1, %s) n ORDER BY n RETURNING id
    ),
    reader AS (
        INSERT INTO accounts_user (username, email, password, first_name, last_name, is_superuser, is_staff, is_active,
            date_joined)
        SELECT address, address, '', '', '', false, true, true, now()
        FROM (SELECT 'member-' || n || '.' || id || '@example.org' AS address
              FROM organization, generate_series(1, {MEMBERS}) n ORDER BY id, n) AS addresses
        RETURNING id, email
    ),
    member AS (
        INSERT INTO accounts_membership (organization_id, user_id, role, created_at)
        SELECT split_part(split_part(email, '.', 2), '@', 1)::bigint, id, 'staff', now() FROM reader
    ),
    client AS (
        INSERT INTO accounts_client (organization_id, external_id, name, email, status, created_at)
        SELECT id, 'client-' || n, '', '', 'active', now()
        FROM organization, generate_series(1, {CRITICAL + MILD + 1}) n
        RETURNING organization_id, id, substr(external_id, 8)::int AS n
    ),
    activity AS (
        INSERT INTO telemetry_clientactivity (organization_id, client_id, first_at, last_at)
        SELECT organization_id, id, silent_since, silent_since FROM client, LATERAL (SELECT now() - interval '1 hour'
            * CASE WHEN n <= {CRITICAL} THEN 80 WHEN n <= {CRITICAL + MILD} THEN 50 ELSE 1 END) AS since (silent_since)
    )
    SELECT id FROM organization ORDER BY id
"""
# Of each critical alert and member of its organization, in how many notices it is told.
TOLD = """
    SELECT times, count(*) FROM (
        SELECT count(mail.id) AS times FROM health_alert AS alert
        JOIN accounts_membership AS member USING (organization_id)
        JOIN accounts_user AS reader ON reader.id = member.user_id
        LEFT JOIN emails_outboxemail AS mail ON mail.organization_id = alert.organization_id
            AND mail.to_address = reader.email AND mail.kind = 'critical_alerts'
            AND position('/alert/' || alert.id || '/change/' in mail.text) > 0
        WHERE alert.severity = 3 GROUP BY alert.id, reader.id
    ) AS told GROUP BY times
"""
DIGESTS = """
    SELECT times, count(*) FROM (
        SELECT count(mail.id) AS times FROM accounts_membership AS member
        JOIN accounts_user AS reader ON reader.id = member.user_id
        LEFT JOIN emails_outboxemail AS mail ON mail.organization_id = member.organization_id
            AND mail.to_address = reader.email AND mail.kind = 'alert_digest'
        GROUP BY member.id
    ) AS digests GROUP BY times
"""
MAILS = "SELECT kind, count(*) FROM emails_outboxemail GROUP BY kind ORDER BY kind"
ATTEMPTS = "SELECT coalesce(sum(attempt), 0) FROM jobs_jobunit"
TAKEN_OVER = "SELECT count(*) FROM jobs_jobunit WHERE attempt > 1"
NOT_WELL = "SELECT count(*) FROM jobs_jobrun WHERE status <> 'succeeded'"


def prove() -> bool:
    """Print the figures; True when no notice and no digest is missing, doubled or beside the point."""
    started = time.monotonic()
    with installation() as ours:
        build_gates(ours)
        noon = 12 - datetime.now(UTC).hour
        # In these names the sign is that of the way to UTC.
        zone = f"Etc/GMT{-noon:+d}" if noon else "UTC"
        steps = len(GATES) + len(GATES_OF_DIGESTS)
        made = [int(str(each)) for (each,) in ours.ask(POPULATE, zone, steps + AT_RANDOM)]
        period = f"{datetime.now(UTC):%Y-%m-%dT%HZ}"
        checked, digested = made[: len(GATES)], made[len(GATES) : steps]
        stood = _kill_at_each(ours, CHECK, period, GATES, checked)
        for organization in digested:
            _work(ours, CHECK, period, organization)
        stood += _kill_at_each(ours, DIGEST, period, GATES_OF_DIGESTS, digested)
        killed = [_kill_at_random(ours, job, period, random.Random(SEED)) for job in (CHECK, DIGEST)]
        told, digests, mails = (ours.ask(query) for query in (TOLD, DIGESTS, MAILS))
        taken_over, not_well = ours.ask(TAKEN_OVER)[0][0], ours.ask(NOT_WELL)[0][0]
    members = len(made) * MEMBERS
    print(
        f"alert_notices: killed at {stood} of {steps} steps and {sum(killed)} times at random in"
        f" {time.monotonic() - started:.0f} s, {taken_over} units taken over, {not_well} runs not well:"
        f" critical alerts × members by mails {told}, members by digests {digests}, mails {mails}"
    )
    return (
        stood == steps
        and sum(killed) == 2 * KILLS_OF_EACH
        and not_well == 0
        and told == [(1, members * CRITICAL)]
        and digests == [(1, members)]
        and mails == [("alert_digest", members), ("critical_alerts", members)]
    )


def _kill_at_each(
    ours: Installation, job: str, period: str, gates: Sequence[Gate], organizations: Sequence[int]
) -> int:
    """At how many gates a worker stood and was killed. All that they left is then done by others."""
    stood = 0
    for gate, organization in zip(gates, organizations, strict=True):
        with closed(gate, ours, organization=organization):
            worker = _start(ours, job, period, organization)
            stood += wait_for_one_at(gate, ours)
            processes.kill_group(worker.pid)
            worker.wait()
    others = [_start(ours, job, period, organization) for organization in organizations]
    for other in others:
        processes.wait_for_end(other, seconds=PATIENCE_SECONDS)
    return stood


def _kill_at_random(ours: Installation, job: str, period: str, chance: random.Random) -> int:
    """How many workers were killed while they had work; then the work is done, and done again."""
    killed = 0
    for _ in range(KILLS_OF_EACH):
        before = ours.ask(ATTEMPTS)
        worker = _start(ours, job, period)
        while ours.ask(ATTEMPTS) == before and worker.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.3))
        killed += worker.poll() is None
        processes.kill_group(worker.pid)
        worker.wait()
    _work(ours, job, period)
    _work(ours, job, period, again=True)
    return killed


def _work(ours: Installation, job: str, period: str, organization: int | None = None, *, again: bool = False) -> None:
    processes.wait_for_end(_start(ours, job, period, organization, again=again), seconds=PATIENCE_SECONDS)


def _start(
    ours: Installation, job: str, period: str, organization: int | None = None, *, again: bool = False
) -> processes.Process:
    """A worker: the same loop over units as in Celery's, in a process of its own."""
    only = ["--organization", f"proof-{organization}"] if organization else []
    return ours.start(
        sys.executable, "manage.py", "run_job", job, "--period", period, *only, *(["--again"] if again else []),
        log="worker.log",
    )  # fmt: skip
