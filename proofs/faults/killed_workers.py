"""Workers are killed with -9 again and again during a weekly run: it ends by itself, each client has one score."""

import os
import random
import signal
import sys
import time

from devserver import processes
from proofs.installation import Installation, installation

CLIENTS = 5_000
KILLS = 20
PATIENCE_SECONDS = 240
SEED = 20_261_116

# An organization for each client, so that there are many units and one is always in hand.
POPULATE = f"""
    WITH made AS (
        INSERT INTO accounts_organization
            (name, slug, status, timezone, creates_unknown_clients, runs_jobs, is_simulated, created_at)
        SELECT 'Proof ' || n, 'proof-' || n, 'active', 'UTC', true, true, false, now()
        FROM generate_series(1, {CLIENTS}) n RETURNING id
    )
    INSERT INTO accounts_client (organization_id, external_id, name, email, status, signed_up_at, created_at)
    SELECT id, 'client', '', '', 'active', now() - interval '60 days', now() FROM made
    RETURNING id
"""
BEGIN = """
import django; django.setup()
from django.utils import timezone
from jobs.definitions import job_named
from jobs.ledger import begin_run
from jobs.models import JobRun
job, now = job_named("success-score"), timezone.now()
begin_run(job, job.every.period_of(now), trigger=JobRun.Trigger.COMMAND, due_at=now, now=now)
"""
RUNS = "SELECT status, counts ->> 'processed', error_count FROM jobs_jobrun WHERE job = 'success-score'"
ENDED = f"SELECT status <> 'running' FROM ({RUNS}) AS run"


def prove() -> bool:
    """Print the figures; True when every client has exactly one score and the one run has ended well."""
    chance = random.Random(SEED)
    with installation() as ours:
        made = len(ours.ask(POPULATE))
        ours.manage("sync_schedules")
        started = time.monotonic()
        processes.wait_for_end(ours.start(sys.executable, "-c", BEGIN, log="begin.log"), seconds=60)
        clock = ours.start(sys.executable, "-m", "celery", "-A", "config", "beat", log="beat.log")
        in_time = [kill_a_worker(ours, after=chance.uniform(3.0, 4.5)) for _ in range(KILLS)]
        worker = start_worker(ours)
        while not is_ended(ours) and time.monotonic() - started < PATIENCE_SECONDS:
            time.sleep(0.5)
        seconds = time.monotonic() - started
        for process in (worker, clock):
            processes.stop(process)
        scores, clients = ours.ask("SELECT count(*), count(DISTINCT client_id) FROM success_score")[0]
        units, taken_over = ours.ask("SELECT count(*), count(*) FILTER (WHERE attempt > 1) FROM jobs_jobunit")[0]
        runs = ours.ask(RUNS)
    print(
        f"killed_workers: {KILLS} kills, {sum(in_time)} while the run went on, {seconds:.0f} s: {scores:,} scores of"
        f" {clients:,} clients; {taken_over} of {units:,} units were taken over; runs: {runs}"
    )
    return (made, scores, clients, runs) == (CLIENTS, CLIENTS, CLIENTS, [("succeeded", str(CLIENTS), 0)])


def kill_a_worker(ours: Installation, *, after: float) -> bool:
    """Start a worker and kill its whole group; whether the run was going on then."""
    worker = start_worker(ours)
    time.sleep(after)
    goes_on = not is_ended(ours)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    return goes_on


def start_worker(ours: Installation) -> processes.Process:
    return ours.start(sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "2", log="worker.log")


def is_ended(ours: Installation) -> bool:
    return all(ended for (ended,) in ours.ask(ENDED))
