"""Milestones in words: the ones to celebrate, the ones reached, the next ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from accounts.models import Client
from success.dashboard.numbers import whole
from success.milestones.showing import Progress, board_of, description_of, reward_of, title_of, uncelebrated
from success.models import Milestone, MilestoneDefinition

AT_ONCE = 6
Reward = MilestoneDefinition.Reward
Measure = MilestoneDefinition.Measure


@dataclass(frozen=True)
class Reached:
    """`reward` is empty until it was given; `reward_link` is where it leads, when it is a link that may be followed."""

    pk: int
    title: str
    description: str
    measure: str
    value: str
    reached_on: date
    reward: str
    reward_link: str
    is_code: bool


@dataclass(frozen=True)
class Next:
    title: str
    description: str
    measure: str
    value: str
    threshold: str
    bar: str


@dataclass(frozen=True)
class MilestoneBoard:
    """`celebrated_now` are new to the client, the newest first; they are among the reached ones too."""

    celebrated_now: Sequence[Reached]
    newest: Sequence[Reached]
    older: Sequence[Reached]
    next: Sequence[Next]

    @property
    def count(self) -> int:
        return len(self.newest) + len(self.older)


def milestone_board_of(client: Client) -> MilestoneBoard:
    """In the active language. One query."""
    board = board_of(client)
    reached = [_reached(milestone) for milestone in board.reached]
    waiting = {milestone.pk for milestone in board.reached if milestone.celebrated_at is None}
    return MilestoneBoard(
        celebrated_now=[milestone for milestone in reached if milestone.pk in waiting],
        newest=reached[:AT_ONCE],
        older=reached[AT_ONCE:],
        next=[_next(progress) for progress in board.next],
    )


def newly_reached(client: Client) -> list[Reached]:
    """What is to be celebrated, the newest first, in the active language. One query."""
    return [_reached(milestone) for milestone in uncelebrated(client)]


def _reached(milestone: Milestone) -> Reached:
    definition, reward = milestone.definition, reward_of(milestone)
    return Reached(
        pk=milestone.pk,
        title=title_of(definition),
        description=description_of(definition),
        measure=str(Measure(definition.measure).label),
        value=_amount(definition, milestone.value),
        reached_on=milestone.reached_on,
        reward=reward,
        reward_link=reward if definition.reward_kind == Reward.LINK and _may_be_followed(reward) else "",
        is_code=definition.reward_kind == Reward.CODE,
    )


def _next(progress: Progress) -> Next:
    definition = progress.definition
    return Next(
        title=title_of(definition),
        description=description_of(definition),
        measure=str(Measure(definition.measure).label),
        value=_amount(definition, progress.value),
        threshold=_amount(definition, progress.threshold),
        bar=f"{progress.percent}%",
    )


def _amount(definition: MilestoneDefinition, value: int) -> str:
    text = whole(int(value))
    return f"{text} %" if definition.measure == Measure.ONBOARDING_PERCENT else text


def _may_be_followed(link: str) -> bool:
    """Staff wrote it: a scheme that runs code is shown as text."""
    try:
        return urlsplit(link).scheme in {"http", "https"}
    except ValueError:
        return False
