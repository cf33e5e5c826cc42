"""How long the locks of a host last that is cut off without a word, and how long it waits for answers itself."""

import time
from collections.abc import Callable, Mapping
from functools import partial

from devserver import processes, signals
from proofs.hosts.installation import Installed
from proofs.hosts.network import Host, part

# About half a minute, as config/connection_options.py has it, and a statement that goes on first.
WITHIN_SECONDS = 60
PATIENCE_SECONDS = 120
# A transaction of the product's that locks one organization, asks the server for what takes it a while, and idles.
HOLD = """
import sys, time, django; django.setup()
from django.db import connection
from accounts.tenancy import all_organizations
with all_organizations(), connection.cursor() as cursor:
    cursor.execute("SELECT 1 FROM accounts_organization WHERE id = %s FOR UPDATE", [int(sys.argv[1])])
    cursor.execute("SELECT pg_sleep(%s)", [float(sys.argv[2])])
    time.sleep(3600)
"""
# Where the transaction is when its host is cut off, and the seconds that its statement takes.
STANDS = {"idle between two statements": 0, "its answer is lost": 8, "its statement goes on": 3600}
FREE = "SELECT FROM accounts_organization WHERE id = %s FOR UPDATE SKIP LOCKED"
HELD_BY = "SELECT count(*) FROM pg_stat_activity WHERE client_addr = %s AND backend_xid IS NOT NULL"


def prove_locks_end(ours: Installed, b: Host) -> bool:
    """Cut B off for as long as it takes; print how long each lock lasted, and how long B waited for an answer."""
    ids = [int(str(each)) for (each,) in ours.ask("SELECT id FROM accounts_organization ORDER BY id LIMIT 3")]
    holders = [hold(ours, b, each, seconds) for each, seconds in zip(ids, STANDS.values(), strict=True)]
    is_held = signals.wait_until(lambda: ours.ask(HELD_BY, b.address) == [(len(holders),)], seconds=60)
    part(ours.a, b)
    ends = {stand: partial(is_free, ours, each) for stand, each in zip(STANDS, ids, strict=True)}
    lasted = seconds_until(ends | {"B waits for its answer": lambda: holders[-1].poll() is not None})
    part(ours.a, b, is_parted=False)
    for holder in holders:
        processes.stop(holder)
    print(f"two_hosts, locks of a host that is cut off, seconds: {lasted}", flush=True)
    return is_held and all(seconds is not None and seconds < WITHIN_SECONDS for seconds in lasted.values())


def is_free(ours: Installed, organization: int) -> bool:
    return bool(ours.ask(FREE, organization))


def hold(ours: Installed, host: Host, organization: int, seconds: float) -> processes.Process:
    command = ["python", "-c", HOLD, str(organization), str(seconds)]
    environment = {"PATH": ours.ours.environment["PATH"], **ours.settings}
    log = ours.ours.folder / f"{host.name}-holder.log"
    return host.start(command, log=log, environment=environment, cwd=ours.folder(host))


def seconds_until(ends: Mapping[str, Callable[[], bool]]) -> dict[str, int | None]:
    """When each came true, None for what did not in time."""
    began, lasted = time.monotonic(), dict[str, int | None].fromkeys(ends)
    while None in lasted.values() and time.monotonic() - began < PATIENCE_SECONDS:
        for name, is_over in ends.items():
            if lasted[name] is None and is_over():
                lasted[name] = round(time.monotonic() - began)
        time.sleep(0.5)
    return lasted
