"""The second host's clock is not the database's."""

import time
from pathlib import Path

from devserver import processes
from proofs.hosts.installation import WORKER
from proofs.hosts.second_host import STARTS_IN_SECONDS, Two, second_host
from proofs.hosts.weekly import Week

AS_WRONG_AS_MAY_BE_SECONDS = 25
TOO_WRONG_SECONDS = (300, -300)
FAKED_CLOCKS = "usr/lib/*/faketime/libfaketimeMT.so.1"


def with_a_wrong_clock(two: Two) -> tuple[list[Week], bool]:
    """A run with a clock that is wrong by as much as may be; and whether a host does not start whose clock is worse.

    Left out where there is no libfaketime.
    """
    library = next(map(str, Path("/").glob(FAKED_CLOCKS)), None)
    if library is None:
        print("two_hosts: there is no libfaketime here, so wrong clocks were not tried")
        return [], True
    with second_host(two) as b:
        two.ours.start(b, WORKER, **faked(library, AS_WRONG_AS_MAY_BE_SECONDS))
        time.sleep(STARTS_IN_SECONDS)
        week = two.week(f"B's clock is {AS_WRONG_AS_MAY_BE_SECONDS:+d} s wrong")
    with second_host(two) as b:
        refused = [two.ours.start(b, WORKER, **faked(library, wrong)) for wrong in TOO_WRONG_SECONDS]
        ends = [processes.wait_for_end(worker, seconds=60) for worker in refused]
    print(f"two_hosts: workers with clocks {TOO_WRONG_SECONDS} s wrong ended with {ends}")
    return [week], ends == [1] * len(TOO_WRONG_SECONDS)


def faked(library: str, wrong_by: int) -> dict[str, str]:
    return {"LD_PRELOAD": library, "FAKETIME": f"{wrong_by:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
