"""A weekly run from the scores to the last mail: how long each part of it took, and what came of it."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr

from proofs.faults.weekly_chain import BEGIN, CHAIN, DOUBLED, ENDS, MADE, RUNS
from proofs.hosts.installation import Installed
from proofs.mail.server import Mailbox

PATIENCE_SECONDS = 900
POLL_SECONDS = 0.1
BEGINS_AT_SECOND = 20

POPULATE = """
import sys, django; django.setup()
from benchmarks.population import analyze, create_clients, create_organization
from django.utils import timezone
from jobs.periods import Every
organizations, clients = map(int, sys.argv[1:])
for n in range(organizations):
    organization = create_organization(f"organization-{n}").organization
    create_clients(organization, clients=clients, period_end=Every.WEEK.period_of(timezone.now()).end_on)
analyze()
"""
# Who has agreed is mailed at any hour; and no job of the clock's falls due meanwhile.
AGREE = """
    UPDATE accounts_client SET email = 'client-' || id || '@example.org';
    INSERT INTO emails_contactpolicy (organization_id, version, note, weekly_cap, send_from_hour, send_until_hour,
                                      business_days_only, created_at)
    SELECT id, 1, '', 3, 0, 24, false, now() FROM accounts_organization;
    INSERT INTO emails_mailpreference (organization_id, client_id, category, is_agreed, frequency, source, changed_at)
    SELECT organization_id, id, 'weekly', true, 'weekly', 'api', now() FROM accounts_client;
    UPDATE django_celery_beat_periodictask SET enabled = false WHERE task = 'jobs.reconcile_job';
"""
FORGET = """
    TRUNCATE jobs_jobrun, success_score, success_insight, success_milestone, success_feedbackrequest, health_alert,
             emails_outboxemail, emails_contact CASCADE
"""
IS_OPEN = f"""
    SELECT EXISTS (SELECT FROM jobs_jobrun WHERE {CHAIN} AND status = 'running')
        OR EXISTS (SELECT FROM emails_outboxemail WHERE status IN ('pending', 'claimed', 'calling', 'retry'))
"""
MAILS = "SELECT to_address, status FROM emails_outboxemail"
TAKEN_UP_AGAIN = "SELECT count(*) FILTER (WHERE attempt > 1), count(*) FROM jobs_jobunit"


@dataclass
class Week:
    """`made` are the rows of each kind, but for their ids and times; `by_host` the mails that each handed over."""

    seconds: float
    ends: list[tuple[object, ...]]
    runs: list[tuple[object, ...]]
    made: dict[str, Counter[tuple[object, ...]]]
    doubled: dict[str, int]
    mails: Counter[str]
    by_host: Counter[str]
    doubled_mails: int
    missing_mails: int
    taken_up_again: tuple[object, ...]

    def tell(self, name: str) -> None:
        rows = ", ".join(f"{rows.total():,} {kind}" for kind, rows in self.made.items())
        ends = ", ".join(f"{job} {seconds} s" for job, seconds in self.ends)
        hosts = dict(sorted(self.by_host.items()))
        again, units = self.taken_up_again
        print(
            f"two_hosts, {name}: {self.seconds:.0f} s (runs ended after: {ends}); {rows}; doubled"
            f" {sum(self.doubled.values())}; mails {dict(self.mails)}, handed over by {hosts},"
            f" {self.doubled_mails} twice, {self.missing_mails} sent but missing; {again} of {units} units taken twice",
            flush=True,
        )

    @property
    def is_right(self) -> bool:
        """A mail whose host was lost while handing it over may be uncertain: the server cannot be asked."""
        return (
            [(status, errors) for _, status, errors in self.runs] == [("succeeded", 0)] * 4
            and not any(self.doubled.values())
            and (self.doubled_mails, self.missing_mails) == (0, 0)
            and set(self.mails) <= {"sent", "uncertain"}
        )


def populate(ours: Installed, *, organizations: int, clients: int) -> None:
    ours.python(POPULATE, str(organizations), str(clients))
    ours.admin.execute(AGREE)


def work_a_week(ours: Installed, mailbox: Mailbox, *, meanwhile: Callable[[], None] = lambda: None) -> Week:
    """Forget what an earlier run has made, begin one, and wait for its end; `meanwhile` is done again and again.

    Each begins at the same second of a minute: mail goes out when the clock's minute strikes.
    """
    ours.admin.execute(FORGET)
    mailbox.accepted.clear()
    mailbox.peers.clear()
    time.sleep((BEGINS_AT_SECOND - time.time()) % 60)
    began = time.monotonic()
    ours.python(BEGIN)
    while ours.ask(IS_OPEN) == [(True,)] and time.monotonic() - began < PATIENCE_SECONDS:
        meanwhile()
        time.sleep(POLL_SECONDS)
    return _account(ours, mailbox, seconds=time.monotonic() - began)


def _account(ours: Installed, mailbox: Mailbox, *, seconds: float) -> Week:
    outbox = [(str(to), str(status)) for to, status in ours.ask(MAILS)]
    delivered = Counter(parseaddr(str(mail["To"]))[1] for mail in mailbox.messages)
    twice = "SELECT count(*) FROM (SELECT FROM {} HAVING count(*) > 1) AS twice"
    return Week(
        seconds=seconds,
        ends=ours.ask(ENDS),
        runs=ours.ask(RUNS),
        made={kind: Counter(ours.ask(query)) for kind, query in MADE.items()},
        doubled={kind: int(str(ours.ask(twice.format(rows))[0][0])) for kind, rows in DOUBLED.items()},
        mails=Counter(status for _, status in outbox),
        by_host=Counter(mailbox.peers),
        doubled_mails=sum(number > 1 for number in delivered.values()),
        missing_mails=sum(status == "sent" and not delivered[to] for to, status in outbox),
        taken_up_again=ours.ask(TAKEN_UP_AGAIN)[0],
    )
