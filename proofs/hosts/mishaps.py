"""The second host is killed, cut off and switched off while it works."""

import time
from dataclasses import dataclass
from functools import partial

from proofs.hosts.installation import WORKER
from proofs.hosts.lost_connections import WITHIN_SECONDS
from proofs.hosts.network import Host, part
from proofs.hosts.second_host import Script, Two, second_host
from proofs.hosts.weekly import Week

CUT_SECONDS = 60
# Long enough for what locks a row that it is a unit of work.
IN_A_UNIT_SECONDS = 0.2


def when_killed(two: Two) -> Week:
    def script(b: Host) -> Script:
        two.ours.start(b, WORKER)
        while not two.is_at_work(b, for_seconds=IN_A_UNIT_SECONDS):
            yield
        b.kill()

    with second_host(two) as b:
        return two.week("B joins, and is killed in the midst of a unit", partial(script, b))


@dataclass
class CutOff:
    """`released` and `back` are seconds: after the cut until B held nothing, after its end until B worked again."""

    two: Two
    b: Host
    released: float | None = None
    back: float | None = None

    def script(self) -> Script:
        """B is cut off in the midst of a unit, comes back, and is switched off while it sends mail."""
        while not self.two.is_at_work(self.b, for_seconds=IN_A_UNIT_SECONDS):
            yield
        part(self.two.ours.a, self.b)
        cut_at = time.monotonic()
        while time.monotonic() < cut_at + CUT_SECONDS:
            if self.released is None and not self.two.is_at_work(self.b):
                self.released = time.monotonic() - cut_at
            yield
        part(self.two.ours.a, self.b, is_parted=False)
        healed_at = time.monotonic()
        while not self.two.is_at_work(self.b):
            yield
        self.back = time.monotonic() - healed_at
        while not self.two.handed_over(self.b):
            yield
        part(self.two.ours.a, self.b)
        self.b.kill()

    @property
    def is_bounded(self) -> bool:
        return self.released is not None and self.released < WITHIN_SECONDS and self.back is not None


def when_cut_off(two: Two) -> tuple[Week, bool]:
    with second_host(two) as b:
        two.ours.start(b, WORKER)
        cut = CutOff(two, b)
        week = two.week("B is cut off in the midst of a unit, comes back, and is switched off", cut.script)
        part(two.ours.a, is_parted=False)
    print(
        f"two_hosts: {cut.released:.0f} s after the cut B held nothing; {cut.back:.0f} s after its end B worked again"
        if cut.released and cut.back
        else f"two_hosts: B held something after the cut ({cut.released}) or did not come back ({cut.back})"
    )
    return week, cut.is_bounded
