"""The jobs and when they run, as data. `manage.py sync_schedules` creates what is missing from it and
respects what staff edited or paused."""

from typing import TypedDict


class Schedule(TypedDict):
    """`crontab` is in UTC; `handler` the dotted path of a `jobs.definitions.Job`."""

    crontab: str
    handler: str


JOBS: dict[str, Schedule] = {
    "success-score": {"crontab": "0 7 * * 1", "handler": "success.jobs.success_score"},
}
