"""Random clients, thick around the days on which a score turns, and their way into the database in few statements."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from django.db import connection

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from success.models import Feedback, Task
from telemetry.event_types import EventType
from tests.success.oracle import History

TYPES = [*map(str, EventType), "content_generated", "visual_created", "task_completed", ""]
COUNTED = ", ".join(EventType)
# Days are derived here by Python, so that a mistake of the database's would show.
ADD_ACTIVITY = f"""
INSERT INTO telemetry_dailyactivity (organization_id, client_id, day, total, {COUNTED}, unmapped, launch_kit_views,
    duration_seconds, first_at, last_at)
SELECT %(organization)s, client, day, count(*), {", ".join(f"count(*) FILTER (WHERE type = '{t}')" for t in EventType)},
    count(*) FILTER (WHERE type = ''), count(*) FILTER (WHERE kit), 0, min(at), max(at)
FROM jsonb_to_recordset(%(events)s) AS event (client bigint, day date, at timestamptz, type text, kit boolean)
GROUP BY client, day;
INSERT INTO telemetry_clientactivity (organization_id, client_id, first_at, last_at, launch_kit_first_day)
SELECT organization_id, client_id, min(first_at), max(last_at), min(day) FILTER (WHERE launch_kit_views > 0)
FROM telemetry_dailyactivity WHERE organization_id = %(organization)s GROUP BY 1, 2
"""


def random_history(dice: random.Random, *, around: Sequence[date]) -> History:
    """A client whose days lie before, on and after the given ones; many of them new, silent, or at a limit."""

    def moment(most_days_before: int) -> datetime:
        back = int(dice.random() ** 2 * most_days_before) if dice.random() < 0.9 else -dice.randint(0, 10)
        noon = datetime.combine(dice.choice(around) - timedelta(days=back), datetime.min.time(), UTC)
        # Half of the times lie within the two hours around a midnight somewhere.
        seconds = dice.randrange(86_400) if dice.random() < 0.5 else dice.randrange(24) * 3600 + dice.randint(-3, 3)
        return noon + timedelta(seconds=seconds)

    events = dice.choice([0, 0, 1, 3, 5, 8, 20, 60, 160]) if dice.random() < 0.9 else dice.randint(0, 300)
    span = dice.choice([2, 8, 15, 31, 40, 90])
    onboarding = [(moment(60), None) for _ in range(dice.choice([0, 0, 1, 3, 7]))]
    return History(
        created_at=moment(dice.choice([3, 8, 15, 100])),
        signed_up_at=moment(dice.choice([8, 15, 200])) if dice.random() < 0.5 else None,
        events=[(moment(span), dice.choice(TYPES), dice.random() < 0.01) for _ in range(events)],
        onboarding=[(made, made + (moment(9) - moment(9)) if dice.random() < 0.6 else None) for made, _ in onboarding],
        feedback=[
            (moment(190), *(("nps", dice.randint(0, 10)) if dice.random() < 0.5 else ("csat", dice.randint(1, 5))))
            for _ in range(dice.choice([0, 0, 1, 2, 7]))
        ],
    )


def store(organization: Organization, histories: Sequence[History]) -> list[int]:
    """Make a client of each history; returns their ids in the same order."""
    with organization_scope(organization.pk):
        clients = Client.objects.bulk_create(
            Client(organization=organization, external_id=f"c{n}", signed_up_at=history.signed_up_at)
            for n, history in enumerate(histories)
        )
        for client, history in zip(clients, histories, strict=True):
            client.created_at = history.created_at
        Client.objects.bulk_update(clients, ["created_at"])
        ids = [client.pk for client in clients]
        _store_tasks_and_feedback(organization, ids, histories)
        with connection.cursor() as cursor:
            events = _events(organization, ids, histories)
            cursor.execute(ADD_ACTIVITY, {"organization": organization.pk, "events": json.dumps(events)})
    return ids


def _store_tasks_and_feedback(organization: Organization, ids: Sequence[int], histories: Sequence[History]) -> None:
    Task.objects.bulk_create(
        Task(
            organization=organization,
            client_id=client,
            title="Set up",
            is_onboarding=True,
            status=Task.Status.DONE if done else Task.Status.TODO,
            created_at=made,
            updated_at=made,
            completed_at=done,
        )
        for client, history in zip(ids, histories, strict=True)
        for made, done in history.onboarding
    )
    Feedback.objects.bulk_create(
        Feedback(organization=organization, client_id=client, kind=kind, rating=rating, given_at=at)
        for client, history in zip(ids, histories, strict=True)
        for at, kind, rating in history.feedback
    )


def _events(organization: Organization, ids: Sequence[int], histories: Sequence[History]) -> list[dict[str, object]]:
    return [
        {
            "client": client,
            "day": at.astimezone(organization.timezone).date().isoformat(),
            "at": at.isoformat(),
            "type": kind,
            "kit": kit,
        }
        for client, history in zip(ids, histories, strict=True)
        for at, kind, kit in history.events
    ]
