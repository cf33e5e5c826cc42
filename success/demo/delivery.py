"""Sending messages to the public tracking endpoint, as an organization's application would."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import httpx

from success.demo.history import Message

BATCH = 500
ATTEMPTS = 5
LONGEST_WAIT_SECONDS = 10


class UnableToDeliverError(Exception):
    """The endpoint did not take a batch."""


def send_messages(messages: Iterable[Message], *, base_url: str, write_key: str) -> Counter[str]:
    """Returns how many were accepted, duplicate, quarantined and rejected."""
    counts: Counter[str] = Counter()
    with httpx.Client(base_url=base_url, auth=(write_key, ""), timeout=30, trust_env=False) as endpoint:
        for batch in _batches(messages):
            answer = _post(endpoint, batch)
            counts.update({name: answer[name] for name in ("accepted", "duplicate", "quarantined")})
            counts["rejected"] += len(answer["rejected"])
    return counts


def _post(endpoint: httpx.Client, batch: list[Message]) -> dict[str, Any]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            response = endpoint.post("/v1/batch", json={"batch": batch})
        except httpx.TransportError as error:
            raise UnableToDeliverError(f"The web server at {endpoint.base_url} is not reached: {error}") from error
        if response.status_code == httpx.codes.OK:
            return dict(response.json())
        if response.status_code not in (429, 503) or attempt == ATTEMPTS:
            break
        time.sleep(min(float(response.headers.get("Retry-After", 1)), LONGEST_WAIT_SECONDS))
    raise UnableToDeliverError(f"POST /v1/batch answered {response.status_code}: {response.text[:300]}")


def _batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    remaining = iter(messages)
    while batch := list(islice(remaining, BATCH)):
        yield batch
