"""The jobs and when they run, as data. `manage.py sync_schedules` creates what is missing from it and
respects what staff edited or paused."""

from typing import TypedDict


class Schedule(TypedDict):
    """`crontab` is in UTC; `handler` the dotted path of a `jobs.definitions.Job`."""

    crontab: str
    handler: str


class ClockTask(TypedDict):
    """A Celery task that the clock fires but the ledger does not record."""

    crontab: str
    task: str


JOBS: dict[str, Schedule] = {
    "success-score": {"crontab": "0 7 * * 1", "handler": "success.jobs.success_score"},
    "health-check-after-scores": {"crontab": "0 7 * * 1", "handler": "health.jobs.health_check_after_scores"},
    "success-insights": {"crontab": "10 7 * * 1", "handler": "success.jobs.success_insights"},
    "success-email": {"crontab": "0 8 * * 1", "handler": "success.jobs.success_email"},
    "health-check": {"crontab": "0 * * * *", "handler": "health.jobs.health_check"},
    "alert-digest": {"crontab": "5 * * * *", "handler": "health.jobs.alert_digest"},
    "expire-insights": {"crontab": "0 0 * * *", "handler": "success.jobs.expire_insights"},
    "reach-milestones": {"crontab": "40 0 * * *", "handler": "success.jobs.reach_all_milestones"},
    "installation-milestones": {"crontab": "40 0 * * *", "handler": "success.jobs.installation_milestones"},
    "event-months": {"crontab": "20 0 * * *", "handler": "telemetry.jobs.event_months"},
}

CLOCK_TASKS: dict[str, ClockTask] = {
    "tick": {"crontab": "* * * * *", "task": "jobs.reconcile_all"},
    "outgoing mail": {"crontab": "* * * * *", "task": "emails.deliver_all"},
    "watch over the jobs": {"crontab": "*/5 * * * *", "task": "health.watch_jobs"},
    "old runs": {"crontab": "30 3 * * *", "task": "jobs.prune_ledger"},
}
