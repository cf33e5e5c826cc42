"""How mail has fared lately: what was handed over, what was not and why, and which addresses were lost."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.http import QueryDict
from django.utils.translation import gettext as _

from emails.models import Contact, OutboxEmail, Suppression
from health.home.drawing import Bar

DAYS = 7
SINCE = timedelta(days=DAYS)

# Each part is a range of an index that begins with the organization.
RECENT = """
    WITH organizations AS (
        SELECT id FROM accounts_organization WHERE %(organization)s::bigint IS NULL OR id = %(organization)s
    )
    SELECT 'mails', mail.status, count(*) FROM organizations JOIN LATERAL (
        SELECT status FROM emails_outboxemail
        WHERE organization_id = organizations.id AND queued_at >= %(since)s
    ) AS mail ON true GROUP BY mail.status
    UNION ALL
    SELECT 'mails', status, count(*) FROM emails_outboxemail
    WHERE %(organization)s::bigint IS NULL AND organization_id IS NULL AND queued_at >= %(since)s GROUP BY status
    UNION ALL
    SELECT 'reasons', contact.reason, count(*) FROM organizations JOIN LATERAL (
        SELECT reason FROM emails_contact
        WHERE organization_id = organizations.id AND decided_at >= %(since)s AND status = 'skipped'
    ) AS contact ON true GROUP BY contact.reason
    UNION ALL
    SELECT 'stopped', stopped.reason, count(*) FROM organizations JOIN LATERAL (
        SELECT reason FROM emails_suppression
        WHERE organization_id = organizations.id AND at >= %(since)s AND lifted_at IS NULL
    ) AS stopped ON true GROUP BY stopped.reason
"""
Status = OutboxEmail.Status
# What staff see, the good first; what is on its way is one thing to them.
STATES: Mapping[str, tuple[Status, ...]] = {
    "sent": (Status.SENT,),
    "waiting": (Status.PENDING, Status.CLAIMED, Status.CALLING, Status.RETRY),
    "uncertain": (Status.UNCERTAIN,),
    "failed": (Status.FAILED,),
}


@dataclass(frozen=True, slots=True)
class MailHealth:
    """Counts of the last seven days: mails by state, messages not sent by reason, stopped addresses by reason."""

    states: Mapping[str, int]
    reasons: Mapping[str, int]
    stopped: Mapping[str, int]

    @property
    def handed_over(self) -> int:
        return self.states["sent"] + self.states["failed"] + self.states["uncertain"]

    @property
    def success_rate(self) -> float | None:
        """0..1, of the mails whose handing over has ended; None while there is none."""
        return self.states["sent"] / self.handed_over if self.handed_over else None

    @property
    def success_percent(self) -> str:
        """Never 100 % while one is missing."""
        rate = self.success_rate
        return "–" if rate is None else f"{math.floor(1000 * rate) / 10:.1f} %"

    @property
    def not_sent(self) -> int:
        return sum(self.reasons.values())


def mail_health(organization_id: int | None, *, as_of: datetime) -> MailHealth:
    """Of an organization, or (None) of all that the scope shows. One query."""
    found: dict[str, Counter[str]] = {"mails": Counter(), "reasons": Counter(), "stopped": Counter()}
    with connection.cursor() as cursor:
        cursor.execute(RECENT, {"organization": organization_id, "since": as_of - SINCE})
        for part, name, count in cursor.fetchall():
            found[part][name] += count
    mails = found["mails"]
    states = {name: sum(mails[status] for status in statuses) for name, statuses in STATES.items()}
    return MailHealth(states, found["reasons"], found["stopped"])


def state_bars(health: MailHealth, *, address: str) -> list[Bar]:
    labels = {"sent": _("Sent"), "waiting": _("On its way"), "uncertain": _("Uncertain"), "failed": _("Failed")}
    whole = sum(health.states.values())
    return [
        Bar(name, labels[name], count, _percent(count, whole), _filtered(address, STATES[name]))
        for name, count in health.states.items()
    ]


def reason_bars(health: MailHealth, *, address: str) -> list[Bar]:
    """Most frequent first."""
    labels = dict(Contact.Reason.choices)
    most = max(health.reasons.values(), default=0)
    return [
        Bar(
            reason,
            str(labels[reason]),
            count,
            _percent(count, most),
            f"{address}?reason={reason}" if address else "",
        )
        for reason, count in sorted(health.reasons.items(), key=lambda each: (-each[1], each[0]))
    ]


def stopped_lines(health: MailHealth) -> list[tuple[str, int]]:
    labels = dict(Suppression.Reason.choices)
    return [(str(labels[reason]), count) for reason, count in sorted(health.stopped.items())]


def _percent(count: int, whole: int) -> float:
    return round(100 * count / whole, 1) if whole else 0.0


def _filtered(address: str, statuses: tuple[Status, ...]) -> str:
    if not address:
        return ""
    query = QueryDict(mutable=True)
    query["status__in"] = ",".join(statuses)
    return f"{address}?{query.urlencode()}"
