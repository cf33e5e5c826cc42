"""What people and programs ask of an installation, at random, in given shares."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks import load
from benchmarks.messages import messages

# Shares of the requests, in percent.
MIXED = {"event": 66, "batch": 12, "api": 12, "page": 7, "list": 3}
EVENTS_ALONE = {"event": 85, "batch": 15}
WITH_EVENTS = frozenset({"event", "batch"})
BATCH = 20
NEW_CLIENTS_SHARE = 0.001
READ = (
    "/api/v1/clients?limit=50",
    "/api/v1/clients/client-{client}",
    "/api/v1/clients/client-{client}/scores",
    "/api/client/success?clientId=client-{client}",
    "/api/v1/alerts?limit=50",
    "/api/v1/alerts/badge",
)
PAGES = ("/client/dashboard/success", "/client/dashboard/success/events")
LISTS = ("/admin/", "/admin/health/alert/", "/admin/accounts/client/", "/admin/telemetry/event/")


@dataclass(frozen=True)
class Credentials:
    """Of one organization; `owner` and `logins` are cookies."""

    write_key: str
    secret_key: str
    owner: str
    logins: list[str]


@dataclass(frozen=True)
class Traffic:
    """Endless requests with their kind. `mark` begins the message ids, so that what was stored can be counted."""

    organizations: list[Credentials]
    shares: Mapping[str, int]
    clients: int
    mark: str

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        kinds, weights = list(self.shares), list(self.shares.values())
        while True:
            kind = random.choices(kinds, weights)[0]
            yield kind, self.request(kind, random.choice(self.organizations))

    def request(self, kind: str, whose: Credentials) -> bytes:
        match kind:
            case "event":
                return load.post("/v1/track", json.dumps(self.messages(1)[0]).encode(), key=whose.write_key)
            case "batch":
                return load.post("/v1/batch", json.dumps({"batch": self.messages(BATCH)}).encode(), key=whose.write_key)
            case "api":
                path = random.choice(READ).format(client=random.randint(1, self.clients))
                return load.read(path, key=whose.secret_key)
            case "page":
                return load.get(random.choice(PAGES), cookie=random.choice(whose.logins))
            case _:
                return load.get(random.choice(LISTS), cookie=whose.owner)

    def messages(self, size: int) -> list[dict[str, object]]:
        """Now and then one of a client that nobody knew."""
        made = messages(size, clients=self.clients)
        for message in made:
            message["messageId"] = f"{self.mark}{message['messageId']}"
            if random.random() < NEW_CLIENTS_SHARE:
                message["userId"] = f"new-{random.getrandbits(64):016x}"
        return made
