"""A random history checked every hour by the product and by the oracle: the same alerts at the same times.

`HISTORY=500x60` sets clients and days; the proof `health_history` does.
"""

import json
import os
import random
from dataclasses import astuple
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from health.alerts import resolve_alerts
from health.checking import check_clients
from health.models import Alert, Holiday
from health.policies import create_policy
from success.models import ScoringPolicy
from tests.factories import OrganizationFactory, UserFactory
from tests.health.histories import DAY, START, Hour, World, random_world
from tests.health.oracle import HOUR, Policy, Watcher

CLIENTS, DAYS = map(int, os.environ.get("HISTORY", "40x6").split("x"))
ADD_EVENTS = """
INSERT INTO telemetry_clientactivity AS known (organization_id, client_id, first_at, last_at)
SELECT %(organization)s, client, min(at), max(at)
FROM jsonb_to_recordset(%(rows)s) AS row (client bigint, at timestamptz)
GROUP BY client
ON CONFLICT (organization_id, client_id) DO UPDATE SET last_at = greatest(known.last_at, excluded.last_at)
"""
ADD_TASKS = """
INSERT INTO success_task (organization_id, client_id, external_id, title, status, is_onboarding, created_at, updated_at,
    completed_at)
SELECT DISTINCT ON (client, name) %(organization)s, client, name, '',
    CASE WHEN at IS NULL THEN 'done' ELSE 'in_progress' END, false, %(now)s,
    coalesce(at, %(now)s), CASE WHEN at IS NULL THEN %(now)s::timestamptz END
FROM jsonb_to_recordset(%(rows)s) AS row (client bigint, name text, at timestamptz, place int)
ORDER BY client, name, place DESC
ON CONFLICT (organization_id, client_id, external_id) WHERE external_id <> ''
DO UPDATE SET status = excluded.status, updated_at = excluded.updated_at, completed_at = excluded.completed_at
"""
COUNTS = (
    "coverage, age_days, active_days_30, events_30, high_value_30, content_30, visual_30, events_week,"
    " events_week_before, onboarding_tasks, onboarding_done, feedback_180, feedback_points"
)
ADD_SCORES = f"""
INSERT INTO success_score (organization_id, client_id, period_end, policy_id, timezone, computed_at, overall, band,
    has_events, launch_kit_viewed, {COUNTS})
SELECT DISTINCT ON (client, day) %(organization)s, client, day, %(policy)s, 'UTC', %(now)s, overall, '', true, false,
    {", ".join("0" for _ in COUNTS.split(","))}
FROM jsonb_to_recordset(%(rows)s) AS row (client bigint, day date, overall int, place int)
ORDER BY client, day, place DESC
ON CONFLICT (organization_id, client_id, period_end) DO UPDATE SET overall = excluded.overall
"""
WATCH = """
UPDATE accounts_client SET status = CASE WHEN is_watched THEN 'active' ELSE 'paused' END
FROM jsonb_to_recordset(%(rows)s) AS row (client bigint, is_watched boolean) WHERE id = client
"""


class Database:
    """The same world in the tables, by few statements an hour."""

    def __init__(self, organization: Organization, world: World) -> None:
        self.organization = organization
        made = Client.objects.bulk_create(
            Client(organization=organization, external_id=f"c{n}") for n in range(len(world.created))
        )
        for client, created_at in zip(made, world.created, strict=True):
            client.created_at = created_at
        Client.objects.bulk_update(made, ["created_at"])
        self.ids = [client.pk for client in made]
        self.member = UserFactory.create()
        self.policy = ScoringPolicy.objects.get(organization=None, version=1).pk

    def apply(self, hour: Hour, now: datetime) -> None:
        self._write(ADD_EVENTS, [{"client": self.ids[n], "at": at.isoformat()} for n, at in hour.events], now)
        tasks = [
            {"client": self.ids[n], "name": f"t{task}", "at": at and at.isoformat(), "place": place}
            for place, (n, task, at) in enumerate(hour.tasks)
        ]
        self._write(ADD_TASKS, tasks, now)
        scores = [
            {"client": self.ids[n], "day": day.isoformat(), "overall": overall, "place": place}
            for place, (n, day, overall) in enumerate(hour.scores)
        ]
        self._write(ADD_SCORES, scores, now)
        self._write(WATCH, [{"client": self.ids[n], "is_watched": watched} for n, watched in hour.watched], now)
        for n, matter in hour.resolved:
            alerts = Alert.objects.filter(client=self.ids[n], matter=matter, resolved_at=None)
            resolve_alerts(list(alerts.values_list("pk", flat=True)), actor=self.member, at=now)

    def _write(self, statement: str, rows: list[dict[str, Any]], now: datetime) -> None:
        if rows:
            parameters: dict[str, Any] = {"organization": self.organization.pk, "policy": self.policy, "now": now}
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters | {"rows": json.dumps(rows)})

    def told(self) -> list[tuple[Any, ...]]:
        rows = Alert.objects.values_list(
            "client_id", "matter", "kind", "severity", "opened_at", "resolved_at", "resolution", "ended_at",
            "reopened_count",
        )  # fmt: skip
        return sorted((self.ids.index(row[0]), *row[1:]) for row in rows)


def told_by(watcher: Watcher) -> list[tuple[Any, ...]]:
    return sorted(astuple(alert)[:-1] for alert in watcher.alerts)


@pytest.mark.slow
@pytest.mark.parametrize("counts_business_days", [False, True])
def test_the_alerts_are_those_of_the_oracle(committed_db: None, *, counts_business_days: bool) -> None:
    """Each hour commits, as in life: row versions of one long transaction would pile up."""
    organization = OrganizationFactory.create(timezone="Europe/Berlin")
    world = random_world(random.Random(int(os.environ.get("SEED", "7"))), clients=CLIENTS, days=DAYS)
    holidays = [date(2026, 3, 9), date(2026, 4, 3)]
    zone = ZoneInfo("Europe/Berlin")
    watcher = Watcher(Policy(counts_business_days=counts_business_days, zone=zone, holidays=holidays))
    facts = world.facts()
    with organization_scope(organization.pk):
        database = Database(organization, world)
        create_policy(organization, created_by=None, counts_business_days=counts_business_days)
        Holiday.objects.bulk_create(Holiday(organization=organization, day=day) for day in holidays)
    for number in range(24 * DAYS):
        now, hour = START + number * HOUR, world.hours.get(number, Hour())
        hour.apply(facts)
        for client, matter in hour.resolved:
            watcher.resolve_by_hand(client, matter, now)
        for client, known in enumerate(facts):
            watcher.evaluate(client, known, now)
        with organization_scope(organization.pk):
            database.apply(hour, now)
            check_clients(organization.pk, as_of=now)
    with organization_scope(organization.pk):
        assert database.told() == told_by(watcher)
    assert len({alert.found for alert in watcher.alerts}) >= 7
    assert {alert.resolution for alert in watcher.alerts} == {"", "by_hand", "client_left_out", "condition_ended"}
    assert max(alert.times_reopened for alert in watcher.alerts) > 0


@pytest.mark.slow
def test_a_client_active_from_monday_to_friday_raises_no_alert_in_a_year(organization: Organization) -> None:
    """With business days; it rests on weekends and holidays, while clocks change twice."""
    holidays = {date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25), date(2027, 1, 1)}
    midnight = datetime(2026, 3, 5, tzinfo=organization.timezone)
    with organization_scope(organization.pk):
        create_policy(organization, created_by=None, counts_business_days=True)
        Holiday.objects.bulk_create(Holiday(organization=organization, day=day) for day in holidays)
        database = Database(organization, World([midnight], {}))
        rested = False
        for number in range(366):
            day = midnight + number * DAY
            if day.isoweekday() > 5 or day.date() in holidays:
                rested = True
                continue
            # Once a day, as early on the days before a rest and as late after one as anybody works.
            at = day.replace(hour=21 if day.isoweekday() == 1 else 6)
            if rested:
                # The silence is never longer than now.
                check_clients(organization.pk, as_of=at - HOUR)
            rested = False
            database.apply(Hour(events=[(0, at)]), at)
        assert database.told() == []
