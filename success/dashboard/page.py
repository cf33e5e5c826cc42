"""Everything that the success page shows, read and put into words before the template sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import Client
from success.answers import why_it_is
from success.charts.heatmap import Heatmap, heatmap
from success.dashboard.activity import Activity, activity_of
from success.dashboard.card import Card, card_of
from success.dashboard.changes import Changes, changes_of
from success.dashboard.explanation import MEANINGS, Explained, explain
from success.dashboard.insights import InsightBoard, insights_of
from success.dashboard.milestones import MilestoneBoard, milestone_board_of
from success.dashboard.numbers import points_text
from success.dashboard.past import Past, past_of
from success.dashboard.tasks import TaskBoard, task_board_of
from success.differences import difference
from success.evaluation import Outcomes, evaluate
from success.feedback.question import Question, question_for
from success.heatmap import heatmap_of
from success.models import Score
from success.receipts import Receipt, Window, receipt_of
from success.scores import Standing, history, score_before

HISTORY_SCORES = 26
# What can be sent back by itself after an action.
SECTIONS = {"insights": "client/success/insights.html", "tasks": "client/success/tasks.html"}


@dataclass(frozen=True)
class Total:
    """The overall score as arithmetic."""

    weighted: Decimal
    sum: str


@dataclass(frozen=True)
class Scored:
    """What only a client with a score has."""

    score: Score
    why: str
    windows: Mapping[str, Window]
    card: Card
    components: Sequence[Explained]
    total: Total | None
    changes: Changes | None
    past: Past


@dataclass(frozen=True)
class SuccessPage:
    timezone: str
    activity: Activity
    heatmap: Heatmap
    scored: Scored | None
    insights: InsightBoard
    tasks: TaskBoard
    milestones: MilestoneBoard
    feedback: Question | None

    @property
    def meanings(self) -> list[tuple[str, str]]:
        """What a score will be made of, for those who have none yet."""
        return [(str(component.label), str(meaning)) for component, meaning in MEANINGS.items()]


def success_page_of(client: Client, *, as_of: datetime) -> SuccessPage:
    """Reads in the scope of the client's organization, in the same few queries however much there is."""
    zone = client.organization.timezone
    days = heatmap_of(client, today=as_of.astimezone(zone).date())
    standings = history(client, limit=HISTORY_SCORES)
    return SuccessPage(
        timezone=str(zone),
        activity=activity_of(days),
        heatmap=heatmap(days),
        scored=_scored(standings) if standings else None,
        insights=insights_of(client, as_of=as_of),
        tasks=task_board_of(client, as_of=as_of),
        milestones=milestone_board_of(client),
        feedback=question_for(client, as_of=as_of),
    )


def _scored(standings: Sequence[Standing]) -> Scored:
    newest = standings[-1]
    before = _before(standings)
    scores = [before, newest.score] if before else [newest.score]
    outcomes = evaluate(scores, policies=[score.policy for score in scores])
    receipt = receipt_of(newest.score, outcomes=outcomes)
    components = explain(receipt)
    return Scored(
        score=newest.score,
        why=why_it_is(receipt),
        windows=receipt.windows,
        card=card_of(newest),
        components=components,
        total=_total(receipt, components),
        changes=_changes(before, newest.score, outcomes) if before else None,
        past=past_of([standing.score for standing in standings]),
    )


def _before(standings: Sequence[Standing]) -> Score | None:
    newest = standings[-1]
    shown = (standing.score for standing in standings if standing.score.period_end == newest.compared_to)
    return next(shown, None) or score_before(newest.score)


def _changes(before: Score, newest: Score, outcomes: Outcomes) -> Changes | None:
    itemised = difference(before, newest, outcomes=outcomes)
    return changes_of(itemised) if itemised else None


def _total(receipt: Receipt, components: Sequence[Explained]) -> Total | None:
    score = receipt.score
    if receipt.mean is None or score.overall is None:
        return None
    weighted = sum((part.weighted for part in components if part.weighted is not None), Decimal())
    mean = f"{number_format(weighted, 2)} ÷ {score.coverage} = {points_text(receipt.mean)}"
    return Total(weighted, _("%(mean)s, rounded %(overall)d") % {"mean": mean, "overall": score.overall})
