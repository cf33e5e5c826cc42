"""Threads and processes against a database that really commits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client as Browser

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from jobs.models import JobRun, Watermark
from jobs.reconciling import reconcile_all
from jobs.running import Patience, work_on
from jobs.schedule_sync import sync_schedules
from tests import children
from tests.factories import ClientFactory, OrganizationFactory
from tests.jobs.ledgers import MONDAY, PATIENCE, WEEK, begin, names, runs
from tests.jobs.sample_jobs import mortal
from tests.jobs.sample_jobs import names as naming

SECRET = {"authorization": "Bearer cron-secret-of-the-tests"}


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def acme(committed_db: None) -> Organization:
    acme: Organization = OrganizationFactory.create(slug="acme")
    outsider = OrganizationFactory.create(slug="outsider")
    for organization in (acme, acme, acme, outsider):
        ClientFactory.create(organization=organization)
    return acme


def test_whoever_comes_first_begins_the_run(acme: Organization) -> None:
    begun = at_once(*[lambda: begin(naming)] * 6)
    assert sorted(each.is_new for each in begun) == [False] * 5 + [True]
    assert len({each.run.pk for each in begun}) == 1


def test_workers_at_once_do_every_unit_once(acme: Organization) -> None:
    for _ in range(10):
        ClientFactory.create(organization=OrganizationFactory.create())
    run = begin(naming).run
    ended = at_once(*[lambda: work_on(JobRun(pk=run.pk, job=run.job, period=run.period), patience=PATIENCE)] * 4)
    with all_organizations():
        assert set(Client.objects.values_list("name", flat=True)) == {"2026-09-07 "}
    assert [each.counts for each in ended] == [{"processed": 14, "success": 14}] * 4


@pytest.mark.slow
def test_three_clocks_the_endpoint_and_the_button_over_eight_weeks(acme: Organization) -> None:
    sync_schedules()
    Watermark.objects.update(handled_until=MONDAY)

    def tick(now: Any) -> Callable[[], Any]:
        return lambda: reconcile_all(now=now)

    for week in range(1, 9):
        now = MONDAY + week * WEEK
        with time_machine.travel(now, tick=True):
            at_once(
                tick(now),
                tick(now),
                tick(now + timedelta(seconds=1)),
                lambda: Browser().post("/api/cron/names", headers=SECRET),
                partial(begin, naming, at=now, trigger=JobRun.Trigger.ADMIN),
            )
            for run in _running("names"):
                work_on(run, patience=PATIENCE)
    weeks = [naming.every.period_of(MONDAY + week * WEEK).key for week in range(1, 9)]
    assert [period for job, period, _ in runs() if job == "names"] == weeks
    assert set(names(acme)) == {"".join(f"{week} " for week in weeks)}


def _running(job: str) -> list[JobRun]:
    with all_organizations():
        return list(JobRun.objects.filter(job=job, status="running"))


WORKER = """
django.setup()
import jobs.units; jobs.units.TAKEOVER_SECONDS = 0
from accounts.tenancy import all_organizations
from jobs.models import JobRun
from jobs.running import Patience, work_on
with all_organizations():
    run = JobRun.objects.get(pk={run})
work_on(run, patience=Patience(60, waits=True))
"""


@pytest.mark.slow
def test_workers_killed_with_their_work_done_but_not_committed(acme: Organization, tmp_path: Path) -> None:
    deaths = tmp_path / "deaths"
    deaths.write_bytes(b"x" * 3)
    run = begin(mortal).run
    killed = 0
    while (code := _work_in_a_process(run, deaths)) != 0:
        assert code == -9
        killed += 1
    assert killed == 3
    with all_organizations():
        ended = JobRun.objects.get(pk=run.pk)
        assert (ended.status, ended.counts) == ("succeeded", {"processed": 4, "success": 4})
        assert set(Client.objects.values_list("name", flat=True)) == {"2026-09-07 "}


def _work_in_a_process(run: JobRun, deaths: Path) -> int:
    database = connection.settings_dict
    program = (
        "import django; from django.conf import settings\n"
        f"settings.DATABASES['default']['NAME'] = {database['NAME']!r}\n"
        "settings.JOBS = {'mortal': {'crontab': '0 9 * * 1', 'handler': 'tests.jobs.sample_jobs.mortal'}}\n"
    )
    return children.run(program + WORKER.format(run=run.pk), DEATHS=str(deaths))


def test_a_dead_workers_unit_is_taken_over_before_its_statement_would_end(acme: Organization) -> None:
    """A connection that is cut takes the lock with it: nobody waits for a lease."""
    run = begin(naming, organization=acme).run
    holder = connections.create_connection("default")
    try:
        _claim_and_lock(holder, run)
        assert work_on(run, patience=Patience(0.3)).status == "running"
    finally:
        holder.close()
    assert work_on(run, patience=PATIENCE).counts == {"processed": 3, "success": 3}


CLAIM_LONG_AGO = "UPDATE jobs_jobunit SET status = 'claimed', attempt = 1, claimed_at = '2026-01-01' WHERE run_id = %s"


def _claim_and_lock(holder: Any, run: JobRun) -> None:
    with holder.cursor() as cursor:
        cursor.execute("SELECT set_config('mainstay.scope', 'all', false)")
        cursor.execute(CLAIM_LONG_AGO, [run.pk])
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM jobs_jobunit WHERE run_id = %s FOR UPDATE", [run.pk])
