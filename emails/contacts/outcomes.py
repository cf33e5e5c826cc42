"""What has become of the contacts that a run planned."""

from collections import Counter

from django.db import connection

from emails.models import Contact
from jobs.models import JobRun

# By organization, as the index of kinds and keys begins with it.
OUTCOMES = """
    SELECT contact.status, contact.reason, count(*)
    FROM emails_contact AS contact
    WHERE contact.organization_id IN (
        SELECT organization_id FROM jobs_jobunit WHERE run_id = %(run)s AND generation = %(generation)s
    ) AND contact.channel = 'email' AND contact.kind = %(kind)s AND contact.key = %(key)s
    GROUP BY contact.status, contact.reason
"""
Status = Contact.Status
# How reports name them.
NAMES = {
    Status.SENT: "sent",
    Status.SKIPPED: "skipped",
    Status.FAILED: "failed",
    Status.UNCERTAIN: "uncertain",
    Status.PLANNED: "waiting",
}


def outcomes_of_run(run: JobRun, *, kind: str) -> dict[str, int]:
    """Mails of a kind, with the run's period as their key: by state, and of the skipped those of each reason.

    Needs the scope of all organizations.
    """
    counts: Counter[str] = Counter(dict.fromkeys(NAMES.values(), 0))
    with connection.cursor() as cursor:
        cursor.execute(OUTCOMES, {"run": run.pk, "generation": run.generation, "kind": kind, "key": run.period})
        for status, reason, count in cursor.fetchall():
            counts[NAMES[Status(status)]] += count
            if reason:
                counts[f"skipped_{reason}"] += count
    return dict(counts)
