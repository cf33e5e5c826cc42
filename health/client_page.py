"""All that staff see of one client on one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import Client
from health.models import Alert
from health.timeline.entries import Timeline, timeline_of
from health.timeline.wording import Line, line_of
from success.dashboard.activity import Activity, activity_of
from success.dashboard.past import Past, past_of
from success.differences import ScoreDifference, difference
from success.heatmap import heatmap_of
from success.models import Score, Task
from success.receipts import Receipt, receipt_of
from success.scores import Standing, history, score_before
from telemetry.models import ClientActivity

HISTORY_SCORES = 26
MOST_TASKS = 20


@dataclass(frozen=True)
class Scored:
    """What only a client with a score has."""

    standing: Standing
    receipt: Receipt
    changes: ScoreDifference | None
    past: Past


@dataclass(frozen=True)
class ClientPage:
    """`activity` is that of the last thirty days; `tasks` are one more than is shown, where there are so many."""

    client: Client
    last_at: datetime | None
    activity: Activity
    scored: Scored | None
    alerts: Sequence[Alert]
    tasks: Sequence[Task]
    timeline: Timeline
    lines: Sequence[Line]


def client_page_of(client: Client, *, today: date, last: date) -> ClientPage:
    """`last` is the newest day of the timeline. Needs the organization's scope, and the same few queries always."""
    of_client = {"organization": client.organization_id, "client": client.pk}
    standings = history(client, limit=HISTORY_SCORES)
    timeline = timeline_of(client, last=last)
    known = ClientActivity.objects.filter(**of_client).first()
    return ClientPage(
        client=client,
        last_at=known.last_at if known else None,
        activity=activity_of(heatmap_of(client, today=today)),
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
