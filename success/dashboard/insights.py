"""Insights by week: the newest open, those before it folded away."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db.models import Count, Window

from accounts.models import Client, Organization
from success.dashboard.destinations import destination
from success.insights.evidence import evidence_lines
from success.insights.showing import shown_insights
from success.insights.texts import text_of
from success.models import Insight

# Six weeks of five kinds each. They live for four by default; more at once nobody reads.
MOST_SHOWN = 30
# The title and the text tell the days.
WINDOW = {"from", "to"}


@dataclass(frozen=True)
class ShownInsight:
    """`action_label` is empty where the insight leads nowhere."""

    pk: int
    kind: str
    kind_label: str
    is_important: bool
    is_new: bool
    is_acted_on: bool
    title: str
    body: str
    action_label: str
    evidence: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class InsightWeek:
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
    """Of those that are `not_shown`, the oldest, only the number is known."""

    newest: InsightWeek | None
    older: Sequence[InsightWeek]
    not_shown: int

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
    found = list(shown_insights(client, as_of=as_of).annotate(of_all=Window(Count("pk")))[:MOST_SHOWN])
    weeks = list(_weeks(found, client.organization))
    not_shown = found[0].of_all - len(found) if found else 0
    return InsightBoard(weeks[0] if weeks else None, weeks[1:], not_shown)


def _weeks(insights: Iterable[Insight], organization: Organization) -> Iterable[InsightWeek]:
    for period_end, of_week in groupby(insights, key=lambda insight: insight.period_end):
        shown = [_shown(insight, organization) for insight in of_week]
        yield InsightWeek(period_end - timedelta(days=7), period_end - timedelta(days=1), shown)


def _shown(insight: Insight, organization: Organization) -> ShownInsight:
    text = text_of(insight)
    leads_somewhere = destination(insight.action_url, organization) is not None
    return ShownInsight(
        pk=insight.pk,
        kind=insight.kind,
        kind_label=str(Insight.Kind(insight.kind).label),
        is_important=insight.priority == Insight.Priority.HIGH,
        is_new=insight.read_at is None,
        is_acted_on=insight.acted_at is not None,
        title=text.title,
        body=text.body,
        action_label=text.action_label if leads_somewhere else "",
        evidence=evidence_lines(insight, without=WINDOW),
    )
