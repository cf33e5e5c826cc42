"""The host that joins, for a run or for a part of one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from proofs.hosts.installation import Installed
from proofs.hosts.network import Host, plug_in
from proofs.hosts.weekly import Week, work_a_week
from proofs.mail.server import Mailbox

STARTS_IN_SECONDS = 20
AT_WORK = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE client_addr = %s AND backend_xid IS NOT NULL
                   AND xact_start < clock_timestamp() - %s * interval '1 second')
"""
Script = Iterator[None]


@dataclass
class Two:
    """Both hosts' installation; B is plugged in anew for each run."""

    ours: Installed
    mailbox: Mailbox
    share_of_b: tuple[str, ...]

    def is_at_work(self, host: Host, *, for_seconds: float = 0.0) -> bool:
        """Whether the host has a transaction in hand that has changed something or has locked a row."""
        return self.ours.ask(AT_WORK, host.address, for_seconds) == [(True,)]

    def handed_over(self, host: Host) -> int:
        return self.mailbox.peers.count(host.address)

    def week(self, name: str, script: Callable[[], Script] | None = None) -> Week:
        """A weekly run, while which the script goes from step to step."""
        week = work_a_week(self.ours, self.mailbox, meanwhile=partial(next, script(), None) if script else lambda: None)
        week.tell(name)
        return week


@contextmanager
def second_host(two: Two) -> Iterator[Host]:
    """A machine with the code and nothing that runs; switched off afterwards."""
    b = plug_in("host-b", "10.77.0.2")
    b.confined = two.share_of_b
    two.ours.put_code_on(b)
    try:
        yield b
    finally:
        b.kill()
