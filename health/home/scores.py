"""The newest weekly scores: how many clients in which band, and where they moved since the week before."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from success.models import Score

# A score that was computed by hand for another day is no week: only Mondays are compared.
NEWEST_WEEKS = """
    SELECT o.id, o.name, newest.period_end,
        count(*) AS scored,
        count(*) FILTER (WHERE s.band = 'excellent'),
        count(*) FILTER (WHERE s.band = 'good'),
        count(*) FILTER (WHERE s.band = 'attention'),
        count(*) FILTER (WHERE s.band = 'at_risk') AS at_risk,
        count(*) FILTER (WHERE s.band = ''),
        count(*) FILTER (WHERE s.overall - before.overall >= p.trend_points) AS rising,
        count(*) FILTER (WHERE s.overall - before.overall <= -p.trend_points) AS declining,
        count(*) FILTER (WHERE abs(s.overall - before.overall) < p.trend_points) AS stable
    FROM accounts_organization o
    CROSS JOIN LATERAL (
        SELECT period_end FROM success_score
        WHERE organization_id = o.id AND extract(isodow FROM period_end) = 1
        ORDER BY period_end DESC LIMIT 1
    ) newest
    JOIN success_score s ON s.organization_id = o.id AND s.period_end = newest.period_end
    JOIN success_scoringpolicy p ON p.id = s.policy_id
    LEFT JOIN success_score before
        ON before.organization_id = o.id AND before.client_id = s.client_id
        AND before.period_end = newest.period_end - 7
    WHERE o.status = 'active' AND (%(organization)s IS NULL OR o.id = %(organization)s)
    GROUP BY GROUPING SETS ((o.id, o.name, newest.period_end), ())
    ORDER BY o.id IS NULL DESC, at_risk DESC, o.id
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
