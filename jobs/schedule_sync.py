"""Brings the clock's rows in line with the settings without touching what staff made of them."""

import json
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from jobs.models import Watermark
from jobs.schedules import RECONCILE_JOB, job_of

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('jobs.sync_schedules', 0))"


@dataclass
class Synced:
    created: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: int = 0


@transaction.atomic
def sync_schedules() -> Synced:
    """Create rows for jobs and clock tasks that have none; remove those of jobs that are gone.

    A row is known by its task and arguments, so staff may rename, pause or reschedule it. To stop a job
    one pauses its row: a deleted row comes back. Jobs owe nothing from before their row was made.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
    synced = Synced()
    rows = {job_of(row): row for row in PeriodicTask.objects.filter(task=RECONCILE_JOB)}
    for name, row in rows.items():
        if name and name not in settings.JOBS:
            row.delete()
            synced.removed.append(row.name)
    for name, schedule in settings.JOBS.items():
        if name in rows:
            synced.kept += 1
            continue
        _create(name, task=RECONCILE_JOB, expression=schedule["crontab"], arguments={"name": name})
        Watermark.objects.get_or_create(job=name, defaults={"handled_until": timezone.now()})
        synced.created.append(name)
    _sync_clock_tasks(synced)
    return synced


def _sync_clock_tasks(synced: Synced) -> None:
    existing = set(PeriodicTask.objects.values_list("task", flat=True))
    for name, schedule in settings.CLOCK_TASKS.items():
        if schedule["task"] in existing:
            synced.kept += 1
            continue
        _create(name, task=schedule["task"], expression=schedule["crontab"], arguments={})
        synced.created.append(name)


def _create(name: str, *, task: str, expression: str, arguments: dict[str, str]) -> None:
    minute, hour, day_of_month, month_of_year, day_of_week = expression.split()
    fields = {
        "minute": minute,
        "hour": hour,
        "day_of_month": day_of_month,
        "month_of_year": month_of_year,
        "day_of_week": day_of_week,
        "timezone": "UTC",
    }
    # Staff may have made the same one twice, so it is not one row that is asked for.
    crontab = CrontabSchedule.objects.filter(**fields).first() or CrontabSchedule.objects.create(**fields)
    taken = PeriodicTask.objects.filter(name=name).exists()
    PeriodicTask.objects.create(
        name=f"{name} (Mainstay)" if taken else name,
        task=task,
        kwargs=json.dumps(arguments),
        crontab=crontab,
        # What could not be delivered in time is caught up by the next tick.
        expire_seconds=300,
    )
