"""When a client may be asked for feedback, and what for."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction

from accounts.models import Client, Organization
from success.models import Feedback, FeedbackRequest

NEW_CLIENT_DAYS = 30
PAUSE_DAYS = 90
KINDS = (Feedback.Kind.NPS, Feedback.Kind.CSAT)

# Days are calendar days in the organization's timezone, as those of a score are. The age is that of a score.
DAYS_SINCE = """
WITH heard AS (
    SELECT client_id, kind, given_at AS at FROM success_feedback
    WHERE organization_id = %(organization)s AND client_id = ANY(%(clients)s)
    UNION ALL
    SELECT client_id, kind, greatest(asked_at, answered_at, declined_at) FROM success_feedbackrequest AS request
    WHERE organization_id = %(organization)s AND client_id = ANY(%(clients)s) AND NOT EXISTS (
        -- A question in a mail that did not go out was not asked.
        SELECT FROM emails_contact AS contact
        WHERE contact.organization_id = %(organization)s AND contact.client_id = request.client_id
            AND contact.decided_at = request.asked_at AND contact.status IN ('skipped', 'failed')
            AND request.channel = 'link' AND request.answered_at IS NULL
    )
),
since AS (
    SELECT client_id, max(at) FILTER (WHERE kind = 'nps') AS nps, max(at) FILTER (WHERE kind = 'csat') AS csat
    FROM heard GROUP BY client_id
)
SELECT client.id,
    %(today)s - (least(coalesce(client.signed_up_at, client.created_at), activity.first_at)
        AT TIME ZONE %(timezone)s)::date,
    %(today)s - (since.nps AT TIME ZONE %(timezone)s)::date,
    %(today)s - (since.csat AT TIME ZONE %(timezone)s)::date
FROM accounts_client AS client
LEFT JOIN since ON since.client_id = client.id
LEFT JOIN telemetry_clientactivity AS activity
    ON activity.organization_id = client.organization_id AND activity.client_id = client.id
WHERE client.organization_id = %(organization)s AND client.id = ANY(%(clients)s)
    AND client.status = 'active' AND client.merged_into_id IS NULL
"""


def due_feedback(client: Client, *, as_of: datetime) -> Feedback.Kind | None:
    """What to ask the client for now; see `due_feedback_of`."""
    return due_feedback_of(client.organization, [client.pk], as_of=as_of).get(client.pk)


def due_feedback_of(
    organization: Organization, client_ids: Sequence[int], *, as_of: datetime
) -> dict[int, Feedback.Kind]:
    """What to ask these clients for now: NPS before CSAT, then what was asked the longer ago; one query.

    Left out are clients younger than 30 days, those who were asked, answered or declined either kind less than
    90 days ago, and those that are not active. Needs the organization's scope.
    """
    zone = organization.timezone
    with connection.cursor() as cursor:
        cursor.execute(
            DAYS_SINCE,
            {
                "organization": organization.pk,
                "clients": list(client_ids),
                "timezone": zone.key,
                "today": as_of.astimezone(zone).date(),
            },
        )
        rows = cursor.fetchall()
    due = {client: _due(age, dict(zip(KINDS, since, strict=True))) for client, age, *since in rows}
    return {client: kind for client, kind in due.items() if kind}


def _due(age: int, days: Mapping[Feedback.Kind, int | None]) -> Feedback.Kind | None:
    if age < NEW_CLIENT_DAYS or any(ago is not None and ago < PAUSE_DAYS for ago in days.values()):
        return None
    never = [kind for kind, ago in days.items() if ago is None]
    return never[0] if never else max(days, key=lambda kind: days[kind] or 0)


def decline_feedback(client: Client, kind: Feedback.Kind, *, at: datetime) -> None:
    """The client does not want to answer: not asked again for 90 days. Does nothing when it is not due."""
    with transaction.atomic():
        hold_client(client)
        if due_feedback(client, as_of=at) == kind:
            FeedbackRequest.objects.create(
                organization_id=client.organization_id,
                client=client,
                kind=kind,
                channel=Feedback.Channel.DASHBOARD,
                asked_at=at,
                expires_at=at,
                declined_at=at,
            )


def hold_client(client: Client) -> None:
    """Until the transaction ends, nobody else answers or declines for the client; events go on coming in."""
    rows = Client.objects.filter(organization=client.organization_id, pk=client.pk)
    list(rows.select_for_update(no_key=True).values_list("pk"))
