"""Everything that is measured of a working installation at one size."""

import sys
from collections.abc import Callable

from django.core.management import call_command

from accounts.models import Organization
from accounts.tenancy import all_organizations
from proofs.size import chain, disk, filling, ingestion, pages
from proofs.size.figures import Figures, timed


def measure(*, clients: int, requests: int, address: tuple[str, int], worker: int) -> Figures:
    figures: Figures = {"clients": clients}

    def add(part: Callable[[], Figures]) -> None:
        figures.update(found := part())
        for name, value in found.items():
            print(f"size, {clients:,} clients: {name} {value:,.1f}", file=sys.stderr, flush=True)

    add(lambda: filling.grow(clients))
    with all_organizations():
        large = Organization.objects.get(slug=filling.LARGE)
    add(lambda: chain.weekly_chain(worker))
    add(lambda: chain.hourly_check("nothing new", worker))
    add(lambda: pages.pages(large, clients=clients // 2, address=address))
    add(lambda: ingestion.ingest(large, address=address, clients=clients // 2, requests=requests))
    add(lambda: chain.hourly_check("after these events", worker))
    add(_rebuild)
    add(disk.disk)
    return figures


def _rebuild() -> Figures:
    """Raises CommandError where anything derived is not what the events say."""
    with timed() as comparing:
        call_command("rebuild_activity", "--check", stdout=sys.stderr)
    return {"comparing activity with the events, s": comparing.seconds}
