"""Hourly, daily, weekly and monthly jobs with a clock in every timezone, over two years with summer time both ways: no
period is missed and they come in their order, however often the clock is down. Timezones whose rules are newer in one
of Python and the database than in the other are named: each brings its own."""

import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from accounts.timezones import is_repeated, is_timezone
from proofs.installation import installation

BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)
END = datetime(2028, 1, 3, 12, tzinfo=UTC)
SEED = 20_261_121
# Minute, hour, day of the month, day of the week: times around midnight and around the changes of the clocks.
CLOCKS = {
    "hour": ["0 * * *", "30 * * *"],
    "day": ["30 0 * *", "30 1 * *", "30 2 * *", "0 3 * *", "45 23 * *"],
    "week": ["30 1 * 1", "0 7 * 1", "45 23 * 0"],
    "month": ["30 1 1 *", "0 6 1 *"],
}
WORK = "import django; django.setup(); from proofs.time_zones import work; work()"
MIDNIGHTS = """
    SELECT zone, day, extract(epoch FROM day::timestamp AT TIME ZONE zone)::bigint
    FROM unnest(%s::text[]) AS zone, generate_series(%s::date, %s::date, '1 day') AS day
"""


def prove() -> bool:
    """True when nothing was missed and all is in order."""
    with installation() as ours:
        ended = subprocess.run(
            [sys.executable, "-c", WORK], env=ours.environment, check=False, capture_output=True, text=True
        )
        zones = all_timezones()
        rows = ours.ask(MIDNIGHTS, zones, BEGIN.date(), END.date())
    differing = {str(zone) for zone, day, epoch in rows if midnight(str(zone), day) != epoch}
    print(ended.stdout.strip() or ended.stderr.strip())
    print(
        f"time_zones: {len(rows):,} midnights; {len(differing)} timezones have other rules in this PostgreSQL than"
        f" in this Python: {', '.join(sorted(differing)) or 'none'}"
    )
    return ended.returncode == 0


def all_timezones() -> list[str]:
    return sorted(filter(is_timezone, available_timezones()))


def midnight(zone: str, day: object) -> int:
    assert isinstance(day, datetime)  # noqa: S101 - a series of timestamps
    local = datetime.combine(day.date(), time(), ZoneInfo(zone))
    # One that comes twice counts the second time.
    return int((local.replace(fold=1) if is_repeated(local) else local).timestamp())


def work() -> None:
    """Runs with Django; ends with 1 when a period is missing or comes before an earlier one."""
    zones = all_timezones()
    periods = missing = disordered = again = 0
    for number, zone in enumerate(zones):
        for every, clocks in CLOCKS.items():
            for clock in clocks:
                begun = list(begun_periods(every, clock, ZoneInfo(zone), chance=random.Random(SEED + number)))
                expected = set(periods_between(every, begun[0], begun[-1]))
                periods += len(expected)
                missing += len(expected - set(begun))
                disordered += sum(later < earlier for earlier, later in pairwise(begun))
                again += len(begun) - len(set(begun))
    print(
        f"time_zones: {periods:,} periods in {len(zones)} timezones: {missing} missing, {disordered} out of order;"
        f" {again:,} asked for again, which are the runs that there are"
    )
    sys.exit(1 if missing or disordered else 0)


def begun_periods(every: str, clock: str, zone: ZoneInfo, *, chance: random.Random) -> Iterator[str]:
    """Keys of the periods that a clock begins which is down for up to nine days, in their order."""
    from django_celery_beat.tzcrontab import TzAwareCrontab

    from jobs.periods import Every
    from jobs.reconciling import periods_due
    from jobs.schedules import due_times

    minute, hour, day_of_month, day_of_week = clock.split()
    crontab = TzAwareCrontab(minute, hour, day_of_week, day_of_month, "*", tz=zone)
    handled, before = BEGIN, None
    while handled < END:
        now = handled + timedelta(minutes=chance.choice([1, 61, 60 * 25, 60 * 24 * 9]) + chance.randrange(60))
        due = list(due_times(crontab, after=handled, until=now))
        yield from (period.key for period, _ in periods_due(Every(every), due, before=before))
        before, handled = due[-1] if due else before, now


def periods_between(every: str, first: str, last: str) -> Iterator[str]:
    """All keys from the first to the last, by plain arithmetic."""
    if every == "hour":
        at, end = (datetime.strptime(key, "%Y-%m-%dT%HZ").replace(tzinfo=UTC) for key in (first, last))
        while at <= end:
            yield f"{at:%Y-%m-%dT%HZ}"
            at += timedelta(hours=1)
        return
    day, until = date.fromisoformat(first), date.fromisoformat(last)
    while day <= until:
        if every == "day" or (every == "week" and day.weekday() == 0) or (every == "month" and day.day == 1):
            yield day.isoformat()
        day += timedelta(days=1)
