"""Worker, clock, web, broker and database are killed and frozen at random while events come in and a weekly chain runs:
nothing acknowledged is lost, nothing is doubled or missing, and the chain ends by itself. Then the broker is dead, the
database stands still for a minute, and the disk is full.

`python -m proofs faults` has a chain without mishaps, one with them, and one with the same in the opposite order, so
that each befalls an early and a late stage. `python -m proofs --short faults` has one chain, with mishaps.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from proofs.faults.disturbances import PARTS, mishaps
from proofs.faults.population import VISITORS, expected_alerts, populate
from proofs.faults.standstills import prove_standstills
from proofs.faults.weekly_chain import Chain, Rows, chain_installation, run_chain
from proofs.installation import Installation

SEED = 20_261_121
CLIENTS = 5_000
AT_SECOND = 30
SHORT_PARTS = ("worker's parent", "worker's child", "clock", "web", "broker", "database")
# The longest is longer than a unit of a job and a mail that is not called for stay with whoever took them.
FROZEN_SECONDS = (2.0, 3.0, 5.0, 22.0)
# What staff may set: the minute of the clock would be most of a short proof.
EVERY_FIVE_SECONDS = """
    WITH every AS (
        INSERT INTO django_celery_beat_intervalschedule (every, period) VALUES (5, 'seconds') RETURNING id
    )
    UPDATE django_celery_beat_periodictask SET crontab_id = NULL, interval_id = every.id FROM every
    WHERE task IN ('emails.deliver_all', 'jobs.reconcile_all')
"""
ENDED_WELL = [
    (name, "succeeded", 0)
    for name in ("health-check-after-scores", "success-email", "success-insights", "success-score")
]


def prove() -> bool:
    """Print the figures; True when everything held."""
    chance, now = random.Random(SEED), datetime.now(UTC)
    print(f"faults: seed {SEED}")
    drawn = mishaps(chance, parts=PARTS, frozen_seconds=FROZEN_SECONDS)
    with chain_installation() as (ours, mailbox):
        keys = prepare(ours, clients=CLIENTS, now=now)
        quiet = run_chain(ours, mailbox, write_key=keys["write_key"], mishaps=[], chance=chance, at_second=AT_SECOND)
    held = [is_right("undisturbed", quiet, clients=CLIENTS)]
    for name, befalling in (("disturbed", drawn), ("disturbed in the opposite order", drawn[::-1])):
        with chain_installation() as (ours, mailbox):
            keys = prepare(ours, clients=CLIENTS, now=now)
            chain = run_chain(
                ours, mailbox, write_key=keys["write_key"], mishaps=befalling, chance=chance, at_second=AT_SECOND
            )
            held += [
                is_right(name, chain, clients=CLIENTS),
                is_as_undisturbed(name, chain, quiet=quiet),
                is_in_time(name, chain, quiet=quiet),
            ]
            if befalling is not drawn:
                held.append(prove_standstills(ours, keys, frozen_seconds=60, other_seconds=15))
    return all(held)


def prove_short() -> bool:
    """Each part is befallen once, killed or frozen; what must come of it is known without another chain."""
    chance, now, clients = random.Random(SEED), datetime.now(UTC), 300
    print(f"faults: seed {SEED}")
    drawn = mishaps(chance, parts=SHORT_PARTS, frozen_seconds=[1.5])[: len(SHORT_PARTS)]
    with chain_installation(mail_lease_seconds=10) as (ours, mailbox):
        keys = prepare(ours, clients=clients, now=now)
        ours.change(EVERY_FIVE_SECONDS)
        chain = run_chain(ours, mailbox, write_key=keys["write_key"], mishaps=drawn, chance=chance)
        held = is_right("disturbed", chain, clients=clients)
        return prove_standstills(ours, keys, frozen_seconds=6, other_seconds=3) and held


def prepare(ours: Installation, *, clients: int, now: datetime) -> Mapping[str, str]:
    """Answers the keys of the organization."""
    keys: Mapping[str, str] = json.loads(ours.manage("create_organization", "proof", "--json"))
    populate(ours, clients=clients, now=now)
    return keys


def is_right(name: str, chain: Chain, *, clients: int) -> bool:
    """What can be said of a chain alone. Mails may be uncertain: a mail server cannot be asked."""
    rows, progress = {what: made.total() for what, made in chain.made.items()}, chain.progress
    alerts = Counter(tuple(row[:4]) for row in chain.made["alerts"].elements())
    addressees = Counter(str(row[2]) for row in chain.made["mails"].elements())
    everyone = Counter(f"client-{number}@example.org" for number in range(clients))
    expected: Rows = Counter(expected_alerts(clients=clients))
    checks = {
        "no acknowledged event lost": chain.lost == 0,
        "activity equal to a rebuild": chain.activity_is_equal,
        "nothing doubled": not any(chain.doubled.values()),
        "two scores of each client": rows["scores"] == 2 * (clients + VISITORS),
        "exactly the alerts that must be": alerts == expected,
        "another check finds nothing to open": ": 0 opened, 0 reopened, 0 escalated" in chain.checked_again,
        "one mail for each client": addressees == everyone,
        "every mail sent or uncertain": chain.mails["sent"] + chain.mails["uncertain"] == clients,
        "no mail delivered twice": chain.doubled_mails == 0,
        "every sent mail delivered": chain.missing_mails == 0,
        "every run ended well by itself": chain.runs == ENDED_WELL,
    }
    print(
        f"faults, {name}: {chain.acknowledged:,} events acknowledged in {chain.attempts:,} requests, {chain.lost} lost;"
        f" rows {rows}, doubled {sum(chain.doubled.values())}; mails {dict(chain.mails)}, the server took"
        f" {chain.delivered.total():,}, {chain.doubled_mails} twice; alerts missing {(expected - alerts).total()},"
        f" too many {(alerts - expected).total()}; seconds until each was over:"
        f" {', '.join(f'{job} {seconds}' for job, seconds in chain.ends.items())}, mails {progress.mails:.0f}, doubts"
        f" {progress.doubts:.0f}; load average of the machine {os.getloadavg()[0]:.0f}"
    )
    tell_mishaps(name, chain)
    return tell_failed(name, checks)


def tell_mishaps(name: str, chain: Chain) -> None:
    befell = "; ".join(f"{at:.0f} s {mishap.name} {mishap.seconds:.1f} s" for at, mishap in chain.progress.befell)
    meanwhile = len(chain.progress.befell_meanwhile)
    print(f"faults, {name}: {meanwhile} of {len(chain.progress.befell)} mishaps before the last mail: {befell or '-'}")
    if chain.progress.ended_by_itself:
        print(f"faults, {name}: ended by themselves and started again: {dict(chain.progress.ended_by_itself)}")


def is_as_undisturbed(name: str, chain: Chain, *, quiet: Chain) -> bool:
    """Row by row, with the scores' receipts, the insights' and alerts' evidence and the mails' words."""
    missing = {what: (rows - chain.made[what]).total() for what, rows in quiet.made.items()}
    surplus = {what: (rows - quiet.made[what]).total() for what, rows in chain.made.items()}
    print(f"faults, {name}, compared with undisturbed: missing {missing}, other or too many {surplus}")
    return tell_failed(name, {"the same rows as undisturbed": not any([*missing.values(), *surplus.values()])})


def is_in_time(name: str, chain: Chain, *, quiet: Chain) -> bool:
    seconds, down = chain.progress.mails, chain.progress.down_seconds
    print(
        f"faults, {name}: {seconds:.0f} s with mails, {seconds / quiet.progress.mails:.2f} times undisturbed"
        f" ({quiet.progress.mails:.0f} s); parts were down for {down:.0f} s of it, without these"
        f" {(seconds - down) / quiet.progress.mails:.2f} times"
    )
    return tell_failed(name, {"within twice the undisturbed time": seconds <= 2 * quiet.progress.mails})


def tell_failed(name: str, checks: Mapping[str, bool]) -> bool:
    failed: Sequence[str] = [what for what, held in checks.items() if not held]
    if failed:
        print(f"faults, {name}, did not hold: {', '.join(failed)}", flush=True)
    return not failed
