"""Insights by week: the newest open, those before it folded away."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from accounts.models import Client, Organization
from success.dashboard.destinations import destination
from success.insights.evidence import evidence_lines
from success.insights.showing import shown_insights
from success.insights.texts import text_of
from success.models import Insight

# A year of five kinds would be 260; insights live for four weeks.
MOST_SHOWN = 60
PRIORITIES = {Insight.Priority.LOW: "low", Insight.Priority.NORMAL: "normal", Insight.Priority.HIGH: "high"}
WINDOW = {"from", "to"}


@dataclass(frozen=True)
class ShownInsight:
    """`action_label` is empty where the insight leads nowhere."""

    pk: int
    kind: str
    kind_label: str
    priority: str
    is_new: bool
    is_acted_on: bool
    title: str
    body: str
    action_label: str
    evidence: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Week:
    """First and last day, both included."""

    first: date
    last: date
    insights: Sequence[ShownInsight]

    @property
    def new(self) -> int:
        return sum(insight.is_new for insight in self.insights)

    @property
    def ids(self) -> list[int]:
        return [insight.pk for insight in self.insights]


@dataclass(frozen=True)
class InsightBoard:
    newest: Week | None
    older: Sequence[Week]

    @property
    def new(self) -> int:
        return sum(week.new for week in (self.newest, *self.older) if week)

    def after(self, insight_id: int, *, before: "InsightBoard") -> int | None:
        """Of those left the one that followed `insight_id`, else the one above it."""
        left, order = self.ids, before.ids
        place = order.index(insight_id) if insight_id in order else 0
        return next((pk for pk in [*order[place + 1 :], *reversed(order[:place])] if pk in left), None)

    @property
    def ids(self) -> list[int]:
        return [pk for week in (self.newest, *self.older) if week for pk in week.ids]


def insights_of(client: Client, *, as_of: datetime) -> InsightBoard:
    """In the active language. One query."""
    found = shown_insights(client, as_of=as_of)[:MOST_SHOWN]
    weeks = list(_weeks(found, client.organization))
    return InsightBoard(weeks[0] if weeks else None, weeks[1:])


def _weeks(insights: Iterable[Insight], organization: Organization) -> Iterable[Week]:
    for period_end, of_week in groupby(insights, key=lambda insight: insight.period_end):
        shown = [_shown(insight, organization) for insight in of_week]
        yield Week(period_end - timedelta(days=7), period_end - timedelta(days=1), shown)


def _shown(insight: Insight, organization: Organization) -> ShownInsight:
    text = text_of(insight)
    leads_somewhere = destination(insight.action_url, organization) is not None
    return ShownInsight(
        pk=insight.pk,
        kind=insight.kind,
        kind_label=str(Insight.Kind(insight.kind).label),
        priority=PRIORITIES[Insight.Priority(insight.priority)],
        is_new=insight.read_at is None,
        is_acted_on=insight.acted_at is not None,
        title=text.title,
        body=text.body,
        action_label=text.action_label if leads_somewhere else "",
        evidence=evidence_lines(insight),
    )
