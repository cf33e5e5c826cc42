"""Places inside the database's work where a worker can be made to stand still, and killed.

They are triggers of the proof's own installation that ask for a lock: the product knows nothing of them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from proofs.installation import Installation

PATIENCE_SECONDS = 60
STAND = """
    CREATE OR REPLACE FUNCTION stand_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock_shared(TG_ARGV[0]::int, coalesce(NEW.organization_id, 0)::int);
        RETURN NEW;
    END $$
"""
IS_STANDING = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND NOT granted)"


@dataclass(frozen=True)
class Gate:
    """`at` is what stands before the table in CREATE TRIGGER, `when` which rows are stopped."""

    name: str
    table: str
    at: str
    when: str = "true"


CLAIMED = "OLD.status = 'pending' AND NEW.status = 'claimed'"
ENDED = "OLD.status = 'running' AND NEW.status <> 'running'"
GATES = (
    Gate("claiming", "jobs_jobunit", "BEFORE UPDATE", CLAIMED),
    Gate("claimed, not committed", "jobs_jobunit", "AFTER UPDATE", CLAIMED),
    Gate("before the first alert", "health_alert", "BEFORE INSERT"),
    Gate("alert written, its log not", "health_alertentry", "BEFORE INSERT"),
    Gate("alert and log written", "health_alertentry", "AFTER INSERT"),
    Gate("before the first mail", "emails_outboxemail", "BEFORE INSERT", "NEW.to_address LIKE 'member-1.%'"),
    Gate("between two mails", "emails_outboxemail", "BEFORE INSERT", "NEW.to_address LIKE 'member-2.%'"),
    Gate("after the last mail", "emails_outboxemail", "AFTER INSERT", "NEW.to_address LIKE 'member-3.%'"),
    Gate("before the unit is done", "jobs_jobunit", "BEFORE UPDATE", "NEW.status = 'done'"),
    Gate("unit done, not committed", "jobs_jobunit", "AFTER UPDATE", "NEW.status = 'done'"),
    Gate("in the commit", "jobs_jobunit", "COMMIT", "NEW.status = 'done'"),
    Gate("committed, run not ended", "jobs_jobrun", "BEFORE UPDATE", ENDED),
    Gate("in the commit of the run's end", "jobs_jobrun", "COMMIT", ENDED),
)  # fmt: skip
GATES_OF_DIGESTS = tuple(gate for gate in GATES if not gate.table.startswith("health_"))


def build_gates(ours: Installation) -> None:
    with psycopg.connect(ours.environment["DATABASE_OWNER_URL"]) as connection:
        connection.execute(STAND)
        for number, gate in enumerate(GATES):
            kind, at, deferred = "", gate.at, ""
            if gate.at == "COMMIT":
                kind, at, deferred = "CONSTRAINT", "AFTER UPDATE", "DEFERRABLE INITIALLY DEFERRED"
            connection.execute(
                f"CREATE {kind} TRIGGER gate_{number} {at} ON {gate.table} {deferred}"
                f" FOR EACH ROW WHEN ({gate.when}) EXECUTE FUNCTION stand_at_gate({number})"
            )


@contextmanager
def closed(gate: Gate, ours: Installation, *, organization: int) -> Iterator[None]:
    """Whoever comes to the gate for that organization stands there until the end of the block."""
    with psycopg.connect(ours.environment["DATABASE_URL"]) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", [GATES.index(gate), organization])
        yield


def wait_for_one_at(gate: Gate, ours: Installation) -> bool:
    """Whether somebody has come to stand there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if ours.ask(IS_STANDING, GATES.index(gate))[0][0]:
            return True
        time.sleep(0.02)
    return False
