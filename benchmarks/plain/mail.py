"""The weekly mail in the plain way: client after client, a query for each question, templates and styles each time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.mail import EmailMultiAlternatives

from accounts.models import Client
from emails.categories import Category
from emails.models import MailPreference
from emails.preference_links import preferences_url, unsubscribe_headers, unsubscribe_url
from emails.rendering import Rendered
from success.differences import difference
from success.feedback.asking import due_feedback
from success.insights.showing import shown_insights
from success.receipts import receipt_of, windows_before
from success.scores import score_before, scores_of, standing
from success.weekly_mail.gathering import Scored, Told
from success.weekly_mail.week import Week
from success.weekly_mail.writing import Links, Reader, write
from telemetry.models import ClientActivity, DailyActivity


@dataclass(frozen=True)
class PlainMail:
    rendered: Rendered
    size: int


def mail_of(client: Client, *, period_end: date, as_of: datetime) -> PlainMail:
    told = tell(client, period_end=period_end, as_of=as_of)
    links = Links(
        preferences_url(client.organization_id, client.pk),
        unsubscribe_url(client.organization_id, client.pk, Category.WEEKLY),
        answer="https://mainstay.example/feedback/{}".format,
    )
    zone = client.timezone or client.organization.timezone
    rendered = write(client.organization, told, reader=Reader(client.name, client.language, zone), links=links)
    headers = unsubscribe_headers(client.organization_id, client.pk, Category.WEEKLY)
    message = EmailMultiAlternatives(rendered.subject, rendered.text, to=[client.email], headers=headers)
    message.attach_alternative(rendered.html, "text/html")
    return PlainMail(rendered, len(message.message().as_bytes()))


def tell(client: Client, *, period_end: date, as_of: datetime) -> Told:
    preferences = MailPreference.objects.filter(organization=client.organization_id, client=client)
    wants_questions = preferences.filter(category=Category.FEEDBACK, is_agreed=True).exists()
    insights = shown_insights(client, as_of=as_of).filter(period_end=period_end)[:3]
    return Told(
        scored=_scored(client, period_end),
        week=_week(client, period_end),
        insights=list(insights),
        has_login=bool(client.user and client.user.is_active),
        was_ever_active=ClientActivity.objects.filter(organization=client.organization_id, client=client).exists(),
        preference=preferences.filter(category=Category.WEEKLY).first(),
        asks_for=due_feedback(client, as_of=as_of) if wants_questions else None,
    )


def _scored(client: Client, period_end: date) -> Scored | None:
    score = scores_of(client).filter(period_end=period_end, overall__isnull=False).first()
    if score is None:
        return None
    before = score_before(score)
    changed = difference(before, score) if before else None
    return Scored(standing(score), changed or receipt_of(score))


def _week(client: Client, period_end: date) -> Week:
    window = windows_before(period_end)["week"]
    rows = {
        row.day: row
        for row in DailyActivity.objects.filter(
            organization=client.organization_id, client=client, day__gte=window.first, day__lte=window.last
        )
    }
    return Week(
        window,
        [rows[day].total if day in rows else 0 for day in (window.first + timedelta(days=n) for n in range(7))],
        active_days=sum(row.total > 0 for row in rows.values()),
        tasks=sum(row.task_completed for row in rows.values()),
        contents=sum(row.content_generated for row in rows.values()),
        visuals=sum(row.visual_created for row in rows.values()),
    )
