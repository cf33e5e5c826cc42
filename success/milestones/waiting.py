"""Clients that wait to be looked at: each once, however often something came of it."""

from collections.abc import Iterable
from itertools import islice


class Waiting:
    """The clients of each organization, in the order in which they came; never more than `most` together.

    Knows nothing of threads. `lost` counts what found no place since it was last read.
    """

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._clients: dict[int, dict[int, None]] = {}
        self._count = 0
        self.lost = 0

    def __len__(self) -> int:
        return self._count

    def add(self, organization_id: int, clients: Iterable[int]) -> None:
        waiting = self._clients.get(organization_id, {})
        new = dict.fromkeys(client for client in clients if client not in waiting)
        kept = dict.fromkeys(islice(new, self._most - self._count))
        if kept:
            self._clients[organization_id] = waiting | kept
        self._count += len(kept)
        self.lost += len(new) - len(kept)

    def take(self, *, most: int) -> tuple[int, list[int]]:
        """Some clients of the organization that has waited longest; what is left of them waits behind the others."""
        organization_id = next(iter(self._clients))
        waiting = self._clients.pop(organization_id)
        taken = list(islice(waiting, most))
        for client in taken:
            del waiting[client]
        self._count -= len(taken)
        if waiting:
            self._clients[organization_id] = waiting
        return organization_id, taken
