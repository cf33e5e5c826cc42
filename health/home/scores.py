"""The newest weekly scores: how many clients in which band, and where they moved since the week before."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from success.models import Score

# A score that was computed by hand for another day is no week: only Mondays are compared. Both weeks are read
# together and put side by side by grouping: joining them took minutes where statistics were missing.
NEWEST_WEEKS = """
    WITH newest AS MATERIALIZED (
        SELECT o.id, o.name, week.period_end FROM accounts_organization o
        CROSS JOIN LATERAL (
            SELECT period_end FROM success_score
            WHERE organization_id = o.id AND extract(isodow FROM period_end) = 1
            ORDER BY period_end DESC LIMIT 1
        ) week
        WHERE o.status = 'active' AND (%(organization)s IS NULL OR o.id = %(organization)s)
    ), compared AS (
        SELECT n.*, pair.* FROM newest n
        CROSS JOIN LATERAL (
            SELECT max(s.band) FILTER (WHERE s.period_end = n.period_end) AS band,
                max(s.policy_id) FILTER (WHERE s.period_end = n.period_end) AS policy_id,
                max(s.overall) FILTER (WHERE s.period_end = n.period_end)
                    - max(s.overall) FILTER (WHERE s.period_end < n.period_end) AS change
            FROM success_score s
            WHERE s.organization_id = n.id AND s.period_end = ANY (ARRAY[n.period_end, n.period_end - 7])
            GROUP BY s.client_id
            HAVING bool_or(s.period_end = n.period_end)
        ) pair
    )
    SELECT c.id, c.name, c.period_end,
        count(*) AS scored,
        count(*) FILTER (WHERE c.band = 'excellent'),
        count(*) FILTER (WHERE c.band = 'good'),
        count(*) FILTER (WHERE c.band = 'attention'),
        count(*) FILTER (WHERE c.band = 'at_risk') AS at_risk,
        count(*) FILTER (WHERE c.band = ''),
        count(*) FILTER (WHERE c.change >= p.trend_points) AS rising,
        count(*) FILTER (WHERE c.change <= -p.trend_points) AS declining,
        count(*) FILTER (WHERE abs(c.change) < p.trend_points) AS stable
    FROM compared c JOIN success_scoringpolicy p ON p.id = c.policy_id
    GROUP BY GROUPING SETS ((c.id, c.name, c.period_end), ())
    ORDER BY c.id IS NULL DESC, at_risk DESC, c.id
    LIMIT %(most)s
"""
BANDS = (*Score.Band.values, "no_band")


@dataclass(frozen=True, slots=True)
class WeekOfScores:
    """Of one organization, or of all together: then without id, name and date."""

    organization_id: int | None
    organization: str | None
    period_end: date | None
    scored: int
    bands: dict[str, int]
    rising: int
    declining: int
    stable: int

    @property
    def without_comparison(self) -> int:
        return self.scored - self.rising - self.declining - self.stable


def newest_weeks(organization_id: int | None, *, most: int) -> list[WeekOfScores]:
    """All together first, then each organization, those with the most clients at risk first."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_WEEKS, {"organization": organization_id, "most": most + 1})
        rows = cursor.fetchall()
    return [
        WeekOfScores(pk, name, day, scored, dict(zip(BANDS, bands, strict=True)), *movement)
        for pk, name, day, scored, *rest in rows
        for bands, movement in [(rest[:5], rest[5:])]
    ]
