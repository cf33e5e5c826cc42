"""How long before clients left their score had been at risk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from success.backtest.intervals import Interval, median_ranks, quantile, value_at

# A run of at-risk scores that goes on until the client leaves; a week without a score or a band does not end it.
STATEMENT = """
WITH score AS (
    SELECT score.client_id, score.period_end, score.band = 'at_risk' AS is_at_risk, churn.churned_on
    FROM success_churn AS churn
    JOIN success_score AS score USING (organization_id, client_id)
    WHERE {scope} AND churn.churned_on < %(as_of)s AND score.period_end <= churn.churned_on
        AND extract(isodow FROM score.period_end) = 1 AND score.overall IS NOT NULL AND score.band <> ''
),
walked AS (
    SELECT *, max(CASE WHEN NOT is_at_risk THEN period_end END) OVER (PARTITION BY client_id) AS last_better FROM score
),
lead AS (
    SELECT client_id, horizon, churned_on
        - min(period_end) FILTER (WHERE period_end > coalesce(last_better, '-infinity')) AS days
    FROM walked CROSS JOIN unnest(%(horizons)s::integer[]) AS horizon
    GROUP BY client_id, horizon, churned_on
    HAVING bool_or(
        churned_on < period_end + horizon AND period_end BETWEEN %(since)s AND %(as_of)s - horizon
    )
)
SELECT horizon, days, count(*) FROM lead GROUP BY horizon, days ORDER BY horizon, days
"""


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """`days` is how many clients left how many days after their last run of at-risk scores began, ascending."""

    days: Sequence[tuple[int, int]]
    unwarned: int

    @property
    def warned(self) -> int:
        return sum(count for _, count in self.days)

    @property
    def median(self) -> float | None:
        return quantile(self.days, 0.5) if self.days else None

    @property
    def quartiles(self) -> Interval | None:
        return Interval(quantile(self.days, 0.25), quantile(self.days, 0.75)) if self.days else None

    @property
    def median_interval(self) -> Interval | None:
        """None where six clients at least are not there, with whom the extremes begin to be an interval."""
        ranks = median_ranks(self.warned)
        return Interval(*(float(value_at(self.days, rank)) for rank in ranks)) if ranks else None


def lead_times(
    organization_id: int | None, *, horizons: Sequence[int], since: date, as_of: date
) -> dict[int, LeadTimes]:
    """By horizon, of the clients whose leaving its observations hold. Needs the scope."""
    scope = "churn.organization_id = %(organization)s" if organization_id is not None else "true"
    parameters: dict[str, Any] = {
        "organization": organization_id,
        "since": since,
        "as_of": as_of,
        "horizons": list(horizons),
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT.format(scope=scope), parameters)
        rows: list[tuple[int, int | None, int]] = cursor.fetchall()
    return {
        horizon: LeadTimes(
            days=[(days, count) for of, days, count in rows if of == horizon and days is not None],
            unwarned=sum(count for of, days, count in rows if of == horizon and days is None),
        )
        for horizon in horizons
    }
