"""What the weekly mails of some clients are made of, read at once: as many queries for one client as for many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from accounts.models import Client, Organization
from emails.categories import Category
from emails.models import MailPreference
from success.differences import ScoreDifference, difference
from success.evaluation import Outcomes, evaluate
from success.feedback.asking import due_feedback_of
from success.insights.showing import ORDER, shown_insights_of
from success.models import Feedback, Insight, Score
from success.receipts import Receipt, receipt_of
from success.scores import Standing, standing
from success.weekly_mail.week import Week, weeks_of
from telemetry.models import ClientActivity

INSIGHTS = 3


@dataclass(frozen=True, slots=True)
class Scored:
    """With what made it another than the score before, or what it is made of where there was none before."""

    standing: Standing
    explained_by: ScoreDifference | Receipt


@dataclass(frozen=True, slots=True)
class Told:
    """Of one client and week. `scored` is None where there is no number; `preference` is what was said about this mail.

    `asks_for` is what to ask feedback for, of those who want to be asked.
    """

    scored: Scored | None
    week: Week
    insights: Sequence[Insight]
    has_login: bool
    was_ever_active: bool
    preference: MailPreference | None
    asks_for: Feedback.Kind | None

    @property
    def is_worth_telling(self) -> bool:
        return self.scored is not None or self.was_ever_active


def gather(
    organization: Organization, client_ids: Sequence[int], *, period_end: date, as_of: datetime
) -> dict[int, Told]:
    """Of the week before the period end, as it stands `as_of`. Needs the organization's scope; writes nothing."""
    scored = _scored(organization, client_ids, period_end=period_end)
    weeks = weeks_of(organization.pk, client_ids, period_end=period_end)
    insights = _insights(organization, client_ids, period_end=period_end, as_of=as_of)
    preferences = _preferences(organization, client_ids)
    asked = [client for client in client_ids if _agreed(preferences.get((client, Category.FEEDBACK)))]
    due = due_feedback_of(organization, asked, as_of=as_of)
    return {
        client_id: Told(
            scored=scored.get(client_id),
            week=weeks[client_id],
            insights=insights.get(client_id, ()),
            has_login=has_login,
            was_ever_active=was_ever_active,
            preference=preferences.get((client_id, Category.WEEKLY)),
            asks_for=due.get(client_id),
        )
        for client_id, has_login, was_ever_active in _clients(organization, client_ids)
    }


def _clients(organization: Organization, client_ids: Sequence[int]) -> QuerySet[Client, tuple[int, bool, bool]]:
    activity = ClientActivity.objects.filter(organization=OuterRef("organization"), client=OuterRef("pk"))
    return (
        Client.objects.filter(organization=organization, pk__in=client_ids)
        .annotate(has_login=Q(user__isnull=False, user__is_active=True), was_ever_active=Exists(activity))
        .values_list("pk", "has_login", "was_ever_active")
    )


def _scored(organization: Organization, client_ids: Sequence[int], *, period_end: date) -> dict[int, Scored]:
    """Those with a number, with what they are compared to, all put through the formula at once."""
    of_clients = Score.objects.filter(organization=organization, client__in=client_ids)
    scores = of_clients.filter(period_end=period_end, overall__isnull=False).with_comparison()
    # Nearly all have the same policy: it is read once, and not joined to each.
    standings = {score.client_id: standing(score) for score in scores.select_related(None).prefetch_related("policy")}
    days = {each.compared_to for each in standings.values() if each.compared_to}
    before = {
        score.client_id: score
        for score in of_clients.filter(period_end__in=days).prefetch_related("policy")
        if score.client_id in standings and score.period_end == standings[score.client_id].compared_to
    }
    every = [*(each.score for each in standings.values()), *before.values()]
    outcomes = evaluate(every, policies=list({score.policy_id: score.policy for score in every}.values()))
    return {client: _one(each, before.get(client), outcomes) for client, each in standings.items()}


def _one(now: Standing, before: Score | None, outcomes: Outcomes) -> Scored:
    changed = difference(before, now.score, outcomes=outcomes) if before else None
    return Scored(now, changed or receipt_of(now.score, outcomes=outcomes))


def _insights(
    organization: Organization, client_ids: Sequence[int], *, period_end: date, as_of: datetime
) -> dict[int, list[Insight]]:
    """The first of the week, in the order of the page."""
    place = Window(RowNumber(), partition_by=F("client"), order_by=ORDER)
    rows = (
        shown_insights_of(organization.pk, as_of=as_of)
        .filter(client__in=client_ids, period_end=period_end)
        .annotate(place=place)
        .filter(place__lte=INSIGHTS)
        .order_by("client", "place")
    )
    found: dict[int, list[Insight]] = {}
    for insight in rows:
        found.setdefault(insight.client_id, []).append(insight)
    return found


def _preferences(organization: Organization, client_ids: Sequence[int]) -> Mapping[tuple[int, str], MailPreference]:
    rows = MailPreference.objects.filter(
        organization=organization, client__in=client_ids, category__in=[Category.WEEKLY, Category.FEEDBACK]
    )
    return {(row.client_id, row.category): row for row in rows}


def _agreed(preference: MailPreference | None) -> bool:
    return preference is not None and preference.is_agreed
