"""All that staff see of one client on one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import Client
from health.models import Alert
from health.timeline.entries import Timeline, timeline_of
from health.timeline.wording import Line, line_of
from success.dashboard.past import Past, past_of
from success.differences import ScoreDifference, difference
from success.models import Score, Task
from success.receipts import Receipt, receipt_of
from success.scores import Standing, history, score_before
from telemetry.models import ClientActivity, DailyActivity

HISTORY_SCORES = 26
MOST_TASKS = 20
ACTIVITY_DAYS = 30


@dataclass(frozen=True)
class Scored:
    """What only a client with a score has."""

    standing: Standing
    receipt: Receipt
    changes: ScoreDifference | None
    past: Past


@dataclass(frozen=True)
class ClientPage:
    """`days` are the counts of the last thirty, oldest first."""

    client: Client
    last_at: datetime | None
    days: Sequence[tuple[date, int]]
    scored: Scored | None
    alerts: Sequence[Alert]
    tasks: Sequence[Task]
    timeline: Timeline
    lines: Sequence[Line]

    @property
    def most(self) -> int:
        return max((count for _, count in self.days), default=0) or 1

    @property
    def total(self) -> int:
        return sum(count for _, count in self.days)

    @property
    def active_days(self) -> int:
        return sum(count > 0 for _, count in self.days)


def client_page_of(client: Client, *, today: date, last: date) -> ClientPage:
    """`last` is the newest day of the timeline. Needs the organization's scope, and the same few queries always."""
    of_client = {"organization": client.organization_id, "client": client.pk}
    standings = history(client, limit=HISTORY_SCORES)
    timeline = timeline_of(client, last=last)
    activity = ClientActivity.objects.filter(**of_client).first()
    return ClientPage(
        client=client,
        last_at=activity.last_at if activity else None,
        days=recent_days(client, today=today),
        scored=_scored(standings) if standings else None,
        alerts=list(
            Alert.objects.filter(**of_client, resolved_at=None)
            .select_related("owner", "acknowledged_by")
            .order_by("-severity", "opened_at")
        ),
        tasks=list(
            Task.objects.filter(**of_client)
            .exclude(status=Task.Status.DONE)
            .order_by("-status", "due_on", "id")[: MOST_TASKS + 1]
        ),
        timeline=timeline,
        lines=[line_of(entry) for entry in timeline.entries],
    )


def _scored(standings: Sequence[Standing]) -> Scored:
    newest = standings[-1]
    scores: list[Score] = [standing.score for standing in standings]
    before = score_before(newest.score)
    return Scored(
        newest, receipt_of(newest.score), difference(before, newest.score) if before else None, past_of(scores)
    )


def recent_days(client: Client, *, today: date) -> list[tuple[date, int]]:
    days = [today - timedelta(days=back) for back in reversed(range(ACTIVITY_DAYS))]
    rows = DailyActivity.objects.filter(organization=client.organization_id, client=client, day__in=days)
    counts = dict(rows.values_list("day", "total"))
    return [(day, counts.get(day, 0)) for day in days]
