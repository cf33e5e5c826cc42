"""Events taken over HTTP while the tables are as large as they are."""

import json

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Organization
from accounts.tenancy import organization_scope
from benchmarks import load
from benchmarks.messages import messages
from proofs.size.figures import Figures

BATCH = 100
CONNECTIONS = 8
WARM_UP = 40


class RefusedError(Exception):
    pass


def ingest(organization: Organization, *, address: tuple[str, int], clients: int, requests: int) -> Figures:
    """Batches about clients that are chosen evenly from all of the organization's."""
    with organization_scope(organization.pk):
        key = create_api_key(organization, kind=ApiKey.Kind.WRITE, name="proof").secret
    bodies = [json.dumps({"batch": messages(BATCH, clients=clients)}).encode() for _ in range(WARM_UP + requests)]
    prepared = [load.post("/v1/batch", body, key=key) for body in bodies]
    runs = [load.send_all(address, part, connections=CONNECTIONS) for part in (prepared[:WARM_UP], prepared[WARM_UP:])]
    if failures := [failure for run in runs for failure in run.failures]:
        raise RefusedError(failures[0][:2000])
    return {
        "ingestion, events/s": runs[1].per_second * BATCH,
        "ingestion, p50 of 100 events, ms": runs[1].p50_ms,
        "ingestion, p99 of 100 events, ms": runs[1].p99_ms,
    }
