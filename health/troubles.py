"""What is wrong with the installation right now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.tenancy import all_organizations
from health.models import OperatorAlert
from jobs.lateness import late_jobs
from jobs.outcomes import FailingJob, failing_jobs

# A mail that is to be tried again is due later: what waits for so long was asked for by no sender.
MAIL_WAITS_AT_MOST = timedelta(minutes=30)
MAIL = "mail"
# What is wrong in more organizations than these is wrong with the job.
MOST_ORGANIZATIONS_APART = 5

# Both are ranges of partial indexes: of the mails that are on their way, and of those that are uncertain.
MAILS = """
    SELECT
        (SELECT count(*) FROM emails_outboxemail WHERE status = 'uncertain'),
        count(*), min(next_attempt_at)
    FROM emails_outboxemail
    WHERE status IN ('pending', 'claimed', 'calling', 'retry') AND next_attempt_at < %(due_before)s
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """`matter` is the name of a job, alone or with an organization's slug, or mail.

    There is one open alert for a kind and matter. `job` is empty where it is about mail.
    """

    kind: OperatorAlert.Kind
    matter: str
    evidence: Mapping[str, Any]
    job: str = ""


def find_troubles(*, as_of: datetime) -> list[Finding]:
    return [*_late(as_of), *_failing(), *_mail(as_of)]


def _late(as_of: datetime) -> list[Finding]:
    return [
        Finding(
            OperatorAlert.Kind.JOB_LATE,
            each.job,
            {"period": each.period, "dueAt": each.due_at.isoformat(), "run": each.run_id},
            job=each.job,
        )
        for each in late_jobs(as_of=as_of)
    ]


def _failing() -> list[Finding]:
    return [finding for each in failing_jobs() for finding in _of_failing_job(each)]


def _of_failing_job(failing: FailingJob) -> list[Finding]:
    kind, slugs = OperatorAlert.Kind.JOB_FAILING, failing.organizations
    evidence: dict[str, Any] = {"runs": failing.runs}
    if 0 < len(slugs) <= MOST_ORGANIZATIONS_APART:
        return [
            Finding(kind, f"{failing.job}/{slug}", evidence | {"organization": slug}, job=failing.job) for slug in slugs
        ]
    if slugs:
        evidence |= {"organizations": slugs}
    return [Finding(kind, failing.job, evidence, job=failing.job)]


def _mail(as_of: datetime) -> list[Finding]:
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(MAILS, {"due_before": as_of - MAIL_WAITS_AT_MOST})
        uncertain, waiting, oldest = cursor.fetchone()
    found = []
    if uncertain:
        found.append(Finding(OperatorAlert.Kind.MAIL_UNCERTAIN, MAIL, {"mails": uncertain}))
    if waiting:
        found.append(
            Finding(OperatorAlert.Kind.MAIL_WAITS, MAIL, {"mails": waiting, "oldestDueAt": oldest.isoformat()})
        )
    return found
