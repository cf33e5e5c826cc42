"""Each filter by organization left out in turn, while people and programs of another organization ask and work.

Imported with Django set up, after `switch_filters`.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, connections

from proofs.isolation.probes import Probe, Seen, all_probes
from proofs.isolation.unfiltered import SWITCHES
from tests.gates.catalogue import tenant_tables

# A filter that everything passes by is probed with so many of what reaches it.
MOST_PROBES = 16


@dataclass
class Probing:
    """What an outsider does, by name, and the probes that come by each mutant."""

    probes: Mapping[str, Probe]
    one_of: int = 1
    reaching: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    def run_all(self) -> dict[str, Seen]:
        """Nothing is left out; notes who comes by what."""
        seen = {}
        self.reaching.clear()
        for name, probe in self.probes.items():
            SWITCHES.reached.clear()
            seen[name] = probe()
            for number in SWITCHES.reached:
                self.reaching[number].append(name)
        return seen

    def worse(self, usual: Mapping[str, Seen]) -> dict[int, list[str]]:
        """By mutant, the probes that got something they do not get else."""
        found = {number: self._worse_without(number, usual) for number in sorted(self.reaching)[:: self.one_of]}
        return {number: names for number, names in found.items() if names}

    def _worse_without(self, number: int, usual: Mapping[str, Seen]) -> list[str]:
        names = self.reaching[number]
        most = MOST_PROBES // self.one_of or 1
        chosen = names[:: max(1, len(names) // most)][:most]
        SWITCHES.off = number
        try:
            return [name for name in chosen if self.probes[name]().is_worse(usual[name])]
        finally:
            SWITCHES.off = None


def work(one_of: int = 1) -> bool:
    """Print the figures; True when row-level security stopped every leak.

    With `one_of` more than one a sample: every so manieth probe, and of what these reach every so manieth filter.
    """
    logging.disable(logging.CRITICAL)
    probing = Probing(dict(list(all_probes())[::one_of]), one_of)
    with connection.execute_wrapper(SWITCHES.unmarked):
        usual = probing.run_all()
        leaking = probing.worse(usual)
        reached = len(probing.reaching)
        with without_row_level_security():
            unguarded = probing.run_all()
            caught = probing.worse(unguarded)
    at_rest, alone = ([name for name, seen in each.items() if seen.leaks] for each in (usual, unguarded))
    print(
        f"isolation: {len(SWITCHES.places)} filters by organization in the code, {reached} of them reached by"
        f" {len(usual)} probes of an outsider; left out one by one: {len(leaking)} leaks. With row-level security off"
        f" {len(caught)} of them leak, and {len(alone)} probes with every filter in place."
    )
    for number, names in leaking.items():
        print(f"isolation: LEAKS without {SWITCHES.places[number]}: {', '.join(names[:3])}")
    for name in at_rest:
        print(f"isolation: LEAKS with nothing left out: {name}")
    for name in alone:
        print(f"isolation: kept apart by row-level security alone: {name}")
    return not leaking and not at_rest and (bool(caught) or one_of > 1)


@contextmanager
def without_row_level_security() -> Iterator[None]:
    """What the filters would be worth by themselves: a policy more that lets everything through."""
    tables = tenant_tables()
    with connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"CREATE POLICY open ON {table} USING (true) WITH CHECK (true)")
        try:
            yield
        finally:
            for table in tables:
                cursor.execute(f"DROP POLICY open ON {table}")
