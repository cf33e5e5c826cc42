"""Jobs whose work is to name clients, so that it shows who was worked on and how often."""

import os
import signal
from collections.abc import Mapping

from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat, Left

from accounts.models import Client
from accounts.tenancy import all_organizations
from jobs.definitions import CatchUp, Job, Spread, WorkUnit
from jobs.models import JobRun
from jobs.periods import Every

NAME_CLIENTS = """
    WITH worked AS (
        UPDATE accounts_client
        SET name = name || left(%(period)s, 10) || ' '
        WHERE id BETWEEN coalesce(%(first)s, 0) AND coalesce(%(last)s, 9223372036854775807)
        RETURNING 1 / (external_id <> 'poison')::int
    )
    SELECT count(*) FROM worked
"""


def name_clients(unit: WorkUnit) -> Mapping[str, int]:
    """Not idempotent on purpose: a unit that took effect twice would show. Divides by zero at `poison`."""
    with connection.cursor() as cursor:
        cursor.execute(NAME_CLIENTS, {"period": unit.period.key, "first": unit.first_client, "last": unit.last_client})
        (count,) = cursor.fetchone()
    return {"processed": count, "success": count}


def name_clients_or_die(unit: WorkUnit) -> Mapping[str, int]:
    """As often as the file named by DEATHS has bytes, the process is killed with its work done, uncommitted."""
    counts = name_clients(unit)
    with open(os.environ["DEATHS"], "r+b") as file:  # noqa: PTH123
        file.seek(0, os.SEEK_END)
        left = file.tell()
        if left:
            file.truncate(left - 1)
    if left:
        os.kill(os.getpid(), signal.SIGKILL)
    return counts


def count_organization(unit: WorkUnit) -> Mapping[str, int]:
    return {"processed": 1, "success": 1} if unit.organization_id else {}


def count_everybody(unit: WorkUnit) -> Mapping[str, int]:
    """Counts the clients of all organizations in one unit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_client")
        (count,) = cursor.fetchone()
    return {"processed": count}


def delivered(run: JobRun) -> Mapping[str, int]:
    return {"delivered": Client.objects.filter(email=f"{run.period}@example.org").count(), "failed": 1}


def deliver(seconds: float) -> None:
    """To those who were named, by the week of their name."""
    with all_organizations():
        Client.objects.exclude(name="").update(email=Concat(Left("name", 10), Value("@example.org")))


names = Job(name="names", title="Names", every=Every.WEEK, work=name_clients, ends_on_any_day=True)
letters = Job(
    name="letters",
    title="Letters",
    every=Every.WEEK,
    work=name_clients,
    writes_to_clients=True,
    catch_up=CatchUp.NEWEST,
    after="names",
    count_names=("sent", "skipped", "failed"),
)
replies = Job(name="replies", title="Replies", every=Every.WEEK, work=name_clients, after="letters")
checks = Job(
    name="checks",
    title="Checks",
    every=Every.HOUR,
    work=count_organization,
    spread=Spread.ORGANIZATION,
    catch_up=CatchUp.NEWEST,
)
parcels = Job(
    name="parcels",
    title="Parcels",
    every=Every.WEEK,
    work=name_clients,
    became=delivered,
    carry_on=deliver,
    count_names=("processed", "delivered", "failed"),
)
mortal = Job(name="mortal", title="Mortal", every=Every.WEEK, work=name_clients_or_die)
census = Job(name="census", title="Census", every=Every.DAY, work=count_everybody, spread=Spread.INSTALLATION)
tally = Job(
    name="tally",
    title="Tally",
    every=Every.WEEK,
    work=count_organization,
    spread=Spread.ORGANIZATION,
    after="names",
    tells={"processed": "counted"},
)
