"""Tells the operator when something is wrong with jobs or mail, and when that is over."""

import json
from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from accounts.models import User
from emails.outbox import queue_email
from emails.rendering import render
from health.models import OperatorAlert
from health.troubles import Finding, find_troubles
from jobs.definitions import job_named

OPEN = """
    INSERT INTO health_operatoralert (kind, matter, evidence, opened_at, last_seen_at)
    VALUES (%(kind)s, %(matter)s, %(evidence)s, %(as_of)s, %(as_of)s)
    ON CONFLICT (kind, matter) WHERE resolved_at IS NULL
    DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at, evidence = EXCLUDED.evidence
    RETURNING id, xmax = 0
"""


@transaction.atomic
def watch_installation(*, as_of: datetime) -> None:
    """Open an alert for every finding that has none, and resolve those whose finding is gone.

    The mail about an alert is queued in the same transaction. Two watches at once open one alert.
    """
    findings = find_troubles(as_of=as_of)
    for finding in findings:
        alert_id, is_new = _open(finding, as_of=as_of)
        if is_new:
            _tell_operators(alert_id, finding, as_of=as_of)
    still = {(finding.kind, finding.matter) for finding in findings}
    for alert in OperatorAlert.objects.filter(resolved_at=None).select_for_update():
        if (alert.kind, alert.matter) not in still:
            alert.resolved_at = as_of
            alert.save(update_fields=["resolved_at"])


def _open(finding: Finding, *, as_of: datetime) -> tuple[int, bool]:
    with connection.cursor() as cursor:
        cursor.execute(
            OPEN,
            {
                "kind": finding.kind,
                "matter": finding.matter,
                "evidence": json.dumps(dict(finding.evidence)),
                "as_of": as_of,
            },
        )
        alert_id, is_new = cursor.fetchone()
    return alert_id, is_new


def _tell_operators(alert_id: int, finding: Finding, *, as_of: datetime) -> None:
    job = job_named(finding.job) if finding.job else None
    mail = render("operator_alert", {"finding": finding, "job": job}, language="", timezone=UTC)
    for address in (
        User.objects.filter(is_superuser=True, is_active=True).exclude(email="").values_list("email", flat=True)
    ):
        try:
            queue_email(
                "operator_alert",
                key=str(alert_id),
                to_address=address,
                subject=mail.subject,
                text=mail.text,
                html=mail.html,
                queued_at=as_of,
            )
        except ValidationError:
            # One operator's unusable address must not keep the alert from being opened.
            continue
