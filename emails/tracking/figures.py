"""How mails of a kind fared, week by week: what was delivered, opened and followed, and of how many that is known."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

# A probe for each mail, as many as were sent: joined at once it takes minutes while statistics are stale.
# Weeks begin on Monday where the organization is. What several sources tell of one mail counts once.
FIGURES = """
    WITH mail AS (
        SELECT mail.organization_id, mail.id, mail.kind, mail.links <> '[]' AS is_tracked,
               date_trunc('week', mail.sent_at AT TIME ZONE organization.timezone)::date AS week
        FROM emails_outboxemail mail
        JOIN accounts_organization organization ON organization.id = mail.organization_id
        WHERE (%(organization)s::bigint IS NULL OR mail.organization_id = %(organization)s)
          AND mail.sent_at >= %(since)s AND mail.sent_at < %(until)s
    )
    SELECT mail.kind, mail.week, count(*),
           count(*) FILTER (WHERE told.is_told_of), count(*) FILTER (WHERE told.is_told_of AND told.is_delivered),
           count(*) FILTER (WHERE told.is_bounced), count(*) FILTER (WHERE told.is_complained),
           count(*) FILTER (WHERE told.is_unsubscribed),
           count(*) FILTER (WHERE mail.is_tracked OR told.is_followed),
           count(*) FILTER (WHERE told.is_opened),
           count(*) FILTER (WHERE told.is_fetched AND NOT told.is_opened),
           count(*) FILTER (WHERE told.is_clicked),
           count(*) FILTER (WHERE told.is_scanned AND NOT told.is_clicked)
    FROM mail CROSS JOIN LATERAL (
        SELECT bool_or(told.source = 'provider' AND told.kind IN ('delivered', 'bounced', 'rejected')) AS is_told_of,
               bool_or(told.kind = 'delivered') AS is_delivered,
               bool_or(told.kind = 'bounced') AS is_bounced,
               bool_or(told.kind = 'complained') AS is_complained,
               bool_or(told.kind = 'unsubscribed') AS is_unsubscribed,
               bool_or(told.kind IN ('opened', 'clicked')) AS is_followed,
               bool_or(told.kind = 'opened' AND NOT told.is_automatic) AS is_opened,
               bool_or(told.kind = 'opened') AS is_fetched,
               bool_or(told.kind = 'clicked' AND NOT told.is_automatic) AS is_clicked,
               bool_or(told.kind = 'clicked') AS is_scanned
        FROM emails_mailactivity told
        WHERE told.organization_id = mail.organization_id AND told.email_id = mail.id
    ) told
    GROUP BY mail.kind, mail.week
    ORDER BY mail.week DESC, mail.kind
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Mails of a kind that were sent in the week of a Monday; each counts at most once in each figure.

    `told_of`: those of which the provider said whether they arrived. `tracked`: those whose links or opening could
    tell something. `…_by_machines`: by machines only, as far as they could be told.
    """

    kind: str
    week: date
    sent: int
    told_of: int
    delivered: int
    bounced: int
    complained: int
    unsubscribed: int
    tracked: int
    opened: int
    opened_by_machines: int
    clicked: int
    clicked_by_machines: int

    @property
    def delivered_rate(self) -> float | None:
        """0..1 of `told_of`, None when the provider tells nothing."""
        return _rate(self.delivered, self.told_of)

    @property
    def opened_rate(self) -> float | None:
        """0..1 of `tracked`. A hint: pictures are fetched unseen, and seen mails are not always told of."""
        return _rate(self.opened, self.tracked)

    @property
    def clicked_rate(self) -> float | None:
        """0..1 of `tracked`."""
        return _rate(self.clicked, self.tracked)


def figures_of(organization_id: int | None, *, since: datetime, until: datetime) -> list[Figures]:
    """Of the mails sent from `since` to before `until`; the newest week first. None: of all that the scope shows."""
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, {"organization": organization_id, "since": since, "until": until})
        return [Figures(*row) for row in cursor.fetchall()]


def _rate(count: int, whole: int) -> float | None:
    return count / whole if whole else None
