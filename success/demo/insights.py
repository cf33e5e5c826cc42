"""What simulated clients did with the insights of a week: some read them, followed or dismissed them."""

from datetime import date, datetime, time
from random import Random

from accounts.models import Organization
from accounts.tenancy import organization_scope
from success.insights.actions import act_on_insight, dismiss_insight, read_insight
from success.models import Insight

# Of a hundred insights of clients who had been there in the week: the rest stays unread.
REACTIONS = {read_insight: 25, act_on_insight: 12, dismiss_insight: 8}
WHEN = time(10)


def react_to_insights(organization: Organization, *, week: date) -> None:
    """On the morning of the period end. The same each time; done again, nothing changes."""
    at = datetime.combine(week, WHEN, organization.timezone)
    with organization_scope(organization.pk):
        of_week = Insight.objects.filter(organization=organization, period_end=week)
        present = of_week.filter(kind=Insight.Kind.WEEKLY_SUMMARY, evidence__events__gt=0).values("client")
        for insight in of_week.filter(client__in=present).select_related("client"):
            chance = Random(f"{insight.client.external_id} {week} {insight.kind}")  # noqa: S311 - only has to be the same
            react = chance.choices([*REACTIONS, None], weights=[*REACTIONS.values(), 100 - sum(REACTIONS.values())])[0]
            if react:
                react(insight.client, insight.pk, at=at)
