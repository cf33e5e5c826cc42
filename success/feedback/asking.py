"""When a client may be asked for feedback, and what for."""

from datetime import datetime

from django.db import connection, transaction

from accounts.models import Client
from success.models import Feedback, FeedbackRequest

NEW_CLIENT_DAYS = 30
PAUSE_DAYS = 90
KINDS = (Feedback.Kind.NPS, Feedback.Kind.CSAT)

# Days are calendar days in the organization's timezone, as those of a score are. The age is that of a score.
DAYS_SINCE = """
WITH heard AS (
    SELECT kind, given_at AS at FROM success_feedback
    WHERE organization_id = %(organization)s AND client_id = %(client)s
    UNION ALL
    SELECT kind, greatest(asked_at, answered_at, declined_at) FROM success_feedbackrequest
    WHERE organization_id = %(organization)s AND client_id = %(client)s
)
SELECT client.status = 'active' AND client.merged_into_id IS NULL,
    %(today)s - (least(coalesce(client.signed_up_at, client.created_at), activity.first_at)
        AT TIME ZONE %(timezone)s)::date,
    %(today)s - (SELECT max(at AT TIME ZONE %(timezone)s)::date FROM heard WHERE kind = 'nps'),
    %(today)s - (SELECT max(at AT TIME ZONE %(timezone)s)::date FROM heard WHERE kind = 'csat')
FROM accounts_client AS client
LEFT JOIN telemetry_clientactivity AS activity
    ON activity.organization_id = client.organization_id AND activity.client_id = client.id
WHERE client.organization_id = %(organization)s AND client.id = %(client)s
"""


def due_feedback(client: Client, *, as_of: datetime) -> Feedback.Kind | None:
    """What to ask the client for now: NPS before CSAT, then what was asked the longer ago; one query.

    None for a client younger than 30 days, for one who was asked, answered or declined either kind less than
    90 days ago, and for one that is not active. Needs the organization's scope.
    """
    zone = client.organization.timezone
    with connection.cursor() as cursor:
        cursor.execute(
            DAYS_SINCE,
            {
                "organization": client.organization_id,
                "client": client.pk,
                "timezone": zone.key,
                "today": as_of.astimezone(zone).date(),
            },
        )
        is_active, age, *since = cursor.fetchone() or (False, 0)
    days: dict[Feedback.Kind, int | None] = dict(zip(KINDS, since, strict=False))
    if not is_active or age < NEW_CLIENT_DAYS or any(ago is not None and ago < PAUSE_DAYS for ago in days.values()):
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
