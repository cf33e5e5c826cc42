"""What an installation holds while it is under load, looked at every few seconds."""

import os
import time
from dataclasses import dataclass

from proofs.load import consumption
from proofs.load.consumption import Taken
from proofs.load.standing import Standing

MEBIBYTE = 1 << 20
CONNECTIONS = """
    SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in transaction%%') FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
TABLES = """
    SELECT relname, n_live_tup, n_dead_tup, pg_total_relation_size(relid), autovacuum_count
    FROM pg_stat_user_tables ORDER BY 4 DESC
"""


@dataclass(frozen=True)
class Table:
    name: str
    live: int
    dead: int
    size_bytes: int
    autovacuums: int


@dataclass(frozen=True)
class Sample:
    """`second` since the soak began; `cores` is what each part took since the sample before, `others` what was taken
    by anybody else on the machine, and `stolen` what the machine's host gave away.
    """

    second: float
    taken: dict[str, Taken]
    private_bytes: dict[str, int]
    connections: int
    in_transaction: int
    dead_rows: int
    load_average: float
    cores: dict[str, float]


class Sampler:
    """Each sample tells of the time since the one before."""

    def __init__(self, running: Standing) -> None:
        self.running = running
        self.pids = running.pids()
        self.begun = self.last = time.monotonic()
        self.cpu, self.machine = consumption.cpu_by_part(self.pids), consumption.machine()

    def sample(self) -> Sample:
        connections, in_transaction = self.running.ours.ask(CONNECTIONS)[0]
        return Sample(
            second=time.monotonic() - self.begun,
            taken={part: consumption.taken(pid) for part, pid in self.pids.items()},
            private_bytes={
                f"{part} {pid}": size
                for part in ("web", "worker", "clock")
                for pid, size in consumption.private_bytes(self.pids[part]).items()
            },
            connections=int(str(connections)),
            in_transaction=int(str(in_transaction)),
            dead_rows=sum(table.dead for table in tables(self.running)),
            load_average=os.getloadavg()[0],
            cores=self._cores(),
        )

    def _cores(self) -> dict[str, float]:
        now, cpu, machine = time.monotonic(), consumption.cpu_by_part(self.pids), consumption.machine()
        took = now - self.last
        cores = {part: (seconds - self.cpu[part]) / took for part, seconds in cpu.items()}
        cores["others"] = (machine.busy_seconds - self.machine.busy_seconds) / took - sum(cores.values())
        cores["stolen"] = (machine.stolen_seconds - self.machine.stolen_seconds) / took
        self.last, self.cpu, self.machine = now, cpu, machine
        return cores


def tables(running: Standing) -> list[Table]:
    """The largest first; partitions by their own names."""
    return [Table(str(name), *(int(str(number)) for number in numbers)) for name, *numbers in running.ours.ask(TABLES)]
