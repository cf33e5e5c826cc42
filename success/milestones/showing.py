"""Milestones as a client sees them: reached, new to celebrate, and next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext

from accounts.models import Client
from success.milestones.measuring import DAYS_OF_CLIENTS, IN_FORCE, ONBOARDING, SUMS, counted
from success.models import Milestone, MilestoneDefinition

# Of each measure the lowest that is missing, and of those what is nearest. What was not measured of a client, such
# as a score, has no progress to show; of what is counted nothing is 0.
AHEAD = f"""
WITH in_force AS MATERIALIZED ({IN_FORCE.format(subject="client")}),
days AS ({DAYS_OF_CLIENTS}),
total AS (SELECT {SUMS} FROM days),
missing AS (
    SELECT DISTINCT ON (measure) definition_id, measure, threshold FROM in_force
    WHERE key NOT IN (
        SELECT key FROM success_milestone AS milestone
        JOIN success_milestonedefinition AS definition ON definition.id = definition_id
        WHERE milestone.organization_id = %(organization)s AND client_id = ANY(%(clients)s)
    )
    ORDER BY measure, threshold
),
progress AS (
    SELECT definition_id, threshold, CASE measure
        WHEN 'score' THEN (
            SELECT overall FROM success_score WHERE organization_id = %(organization)s AND client_id = ANY(%(clients)s)
            ORDER BY period_end DESC LIMIT 1)
        WHEN 'onboarding_percent' THEN (
            SELECT coalesce(max(percent), CASE WHEN EXISTS (
                SELECT FROM success_task
                WHERE organization_id = %(organization)s AND is_onboarding AND client_id = ANY(%(clients)s)
            ) THEN 0 END) FROM ({ONBOARDING.format(rows="client_id = ANY(%(clients)s)")}) AS onboarding)
        ELSE coalesce({counted("total")}, 0) END AS value
    FROM missing CROSS JOIN total
),
ahead AS (
    SELECT definition_id, value, row_number() OVER (ORDER BY value / threshold::float DESC, threshold, definition_id)
    FROM progress WHERE value < threshold
    ORDER BY row_number LIMIT %(limit)s
)
"""
NEXT = f"""
{AHEAD}
SELECT definition.*, ahead.value
FROM ahead JOIN success_milestonedefinition AS definition ON definition.id = definition_id
ORDER BY row_number
"""
FACTS = ("threshold", "value", "reached_on", "detected_at", "celebrated_at", "reward_given_at")
BOARD = f"""
{AHEAD}
SELECT definition.*, milestone.id AS milestone_id, {", ".join(f"milestone.{fact} AS reached_{fact}" for fact in FACTS)},
    NULL::numeric AS progress, row_number() OVER (ORDER BY milestone.reached_on DESC, milestone.id DESC) AS place
FROM success_milestone AS milestone JOIN success_milestonedefinition AS definition ON definition.id = definition_id
WHERE milestone.organization_id = %(organization)s AND client_id = ANY(%(clients)s)
UNION ALL
SELECT definition.*, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ahead.value, row_number
FROM ahead JOIN success_milestonedefinition AS definition ON definition.id = definition_id
ORDER BY place
"""


@dataclass(frozen=True)
class Progress:
    """How far a client is on the way to what it has not reached: `value` of `threshold`."""

    definition: MilestoneDefinition
    value: int
    threshold: int

    @property
    def percent(self) -> int:
        return 100 * self.value // self.threshold


@dataclass(frozen=True)
class Board:
    """All milestones of a client: `reached` with the newest first, and what is `next`."""

    reached: Sequence[Milestone]
    next: Sequence[Progress]


def milestones_of(client: Client) -> list[Milestone]:
    """All that it has reached, with their definitions, newest first."""
    return list(_of(client))


def uncelebrated(client: Client) -> list[Milestone]:
    """What it has reached and not been told of, newest first."""
    return list(_of(client).filter(celebrated_at=None))


def celebrate(client: Client, *, at: datetime, ids: Collection[int] | None = None) -> list[Milestone]:
    """Take what is uncelebrated, of `ids` where given, and give it back to be shown: each goes to one caller only."""
    waiting = _of(client).filter(celebrated_at=None)
    if ids is not None:
        waiting = waiting.filter(pk__in=ids)
    milestones = list(waiting.select_for_update(of=("self",)))
    Milestone.objects.filter(pk__in=[milestone.pk for milestone in milestones]).update(celebrated_at=at)
    return milestones


def next_milestones(client: Client, *, limit: int = 3) -> list[Progress]:
    """What is nearest to being reached, one of each measure. One query."""
    definitions = MilestoneDefinition.objects.raw(NEXT, _parameters(client, limit))
    return [Progress(each, each.value, each.threshold) for each in definitions]  # type: ignore[attr-defined]


def board_of(client: Client, *, limit: int = 3) -> Board:
    """`milestones_of` and `next_milestones` in one query."""
    rows: list[Any] = list(MilestoneDefinition.objects.raw(BOARD, _parameters(client, limit)))
    return Board(
        reached=[_reached(row, client) for row in rows if row.milestone_id],
        next=[Progress(row, row.progress, row.threshold) for row in rows if not row.milestone_id],
    )


def title_of(definition: MilestoneDefinition) -> str:
    """The platform's in the reader's language, an organization's own as it was written."""
    return _translated(definition, definition.title)


def description_of(definition: MilestoneDefinition) -> str:
    return _translated(definition, definition.description)


def reward_of(milestone: Milestone) -> str:
    """What the client may see: nothing until it was given."""
    return milestone.definition.reward if milestone.reward_given_at else ""


def _of(client: Client) -> QuerySet[Milestone]:
    return (
        Milestone.objects.filter(organization=client.organization_id, client=client)
        .select_related("definition")
        .order_by("-reached_on", "-id")
    )


def _reached(row: Any, client: Client) -> Milestone:
    facts = {fact: getattr(row, f"reached_{fact}") for fact in FACTS}
    return Milestone(
        pk=row.milestone_id, organization_id=client.organization_id, client=client, definition=row, **facts
    )


def _parameters(client: Client, limit: int) -> dict[str, Any]:
    return {
        "organization": client.organization_id,
        "timezone": client.organization.timezone.key,
        "clients": [client.pk],
        "limit": limit,
    }


def _translated(definition: MilestoneDefinition, text: str) -> str:
    # Without the check an empty text would come back as the catalogue's head.
    return gettext(text) if text and definition.organization_id is None else text
