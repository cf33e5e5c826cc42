"""Poison over real HTTP to every address: no failure, no slow answer, no long refusal; and canaries.

Schema-driven requests are `api_schema`'s.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from devserver import processes
from proofs.bad_input.addresses import Address
from proofs.bad_input.crawled import crawled
from proofs.bad_input.documented import operations
from proofs.bad_input.exchange import exchanged
from proofs.bad_input.handed_out import events, of_programs
from proofs.bad_input.outcome import Outcome
from proofs.bad_input.poisoning import Asked, clean, planned, poisoned
from proofs.installation import Installation, free_port, installation

REQUESTS = 50_000
FEW_REQUESTS = 400
GROUPS = frozenset({"events", "API", "public", "client", "owner", "operator"})
ASKING_AT_ONCE = 6
# Few: who has lost a session or a role is let in again only then.
BETWEEN_MENDING = 50
SEED = 20_261_121
SETTINGS = {
    "API_REQUESTS_PER_SECOND": "1000000",
    "API_REQUESTS_BURST": "1000000",
    "INGEST_FAILURES_PER_SECOND": "1000000",
    "INGEST_FAILURES_BURST": "1000000",
    "CRON_WAIT_SECONDS": "0",
    "ANYMAIL_WEBHOOK_SECRET": "provider:secret",
}
WORLD = "from proofs.bad_input.world import main; main()"
CANARIES = (
    "import django, sys; django.setup(); from proofs.bad_input.canaries import work; "
    "sys.exit(0 if work(is_long={is_long}) else 1)"
)
# What a poisoned request may have taken from those who ask.
OF_THE_ORGANIZATION = """
UPDATE accounts_organization SET status = 'active' WHERE slug = 'proof';
UPDATE accounts_client SET status = 'active', merged_into_id = NULL, user_id = {user} WHERE id = {id};
UPDATE accounts_membership SET role = 'owner' WHERE role <> 'owner';
UPDATE accounts_apikey SET revoked_at = NULL WHERE revoked_at IS NOT NULL;
"""
OF_A_PERSON = """
UPDATE accounts_user SET username = '{username}', password = '{password}', is_active = {is_active},
is_staff = {is_staff}, is_superuser = {is_superuser} WHERE id = {id};
"""
A_SESSION = """
INSERT INTO django_session (session_key, session_data, expire_date)
VALUES ('{session_key}', '{session_data}', now() + interval '1 day') ON CONFLICT (session_key) DO UPDATE
SET session_data = excluded.session_data;
"""


def prove() -> bool:
    """Print the figures; True when nothing failed, no refusal was long, and no canary is live."""
    return _held(REQUESTS, is_long=True)


def prove_short() -> bool:
    """Without an operator, whose pages are the owner's and some more."""
    return _held(FEW_REQUESTS, is_long=False)


def _held(requests: int, *, is_long: bool) -> bool:
    with installation(**SETTINGS) as ours, serving(ours) as port:
        canaries = canaries_in(ours, is_long=is_long)
        world = json.loads(ours.manage("shell", "--no-imports", "-c", WORLD))
        outcome = poison_all(ours, port, world, requests=requests, is_long=is_long)
        outcome.forged = forged_lines((ours.logs / "web.log").read_text(errors="replace"))
        is_dead = canaries.wait() == 0
    return outcome.tell() and is_dead


def canaries_in(ours: Installation, *, is_long: bool) -> "subprocess.Popen[bytes]":
    """Beside the poison, in an organization of their own."""
    tests = {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
    return subprocess.Popen([sys.executable, "-c", CANARIES.format(is_long=is_long)], env=ours.environment | tests)


def poison_all(
    ours: Installation, port: int, world: Mapping[str, Any], *, requests: int, is_long: bool
) -> Outcome:  # fmt: skip
    groups = GROUPS if is_long else GROUPS - {"operator"}
    addresses = [each for each in all_addresses(port, world, groups) if each.group in groups]
    outcome, mending, begun = Outcome(addresses), mending_of(world), time.monotonic()
    if is_long:
        outcome.came_in = came_in(port, addresses)
    for block in blocks(addresses, requests):
        ours.change(mending)
        with ThreadPoolExecutor(ASKING_AT_ONCE) as pool:
            list(pool.map(partial(ask, port, outcome), block))
    outcome.seconds_taken = time.monotonic() - begun
    if is_long:
        ours.change(mending)
        outcome.came_in_at_the_end = came_in(port, addresses)
    outcome.try_alone(port)
    return outcome


def mending_of(world: Mapping[str, Any]) -> str:
    people = (OF_A_PERSON.format(**person) for person in world["people"])
    sessions = (A_SESSION.format(**session) for session in world["sessions"])
    return "".join([OF_THE_ORGANIZATION.format(**world["client"]), *people, *sessions])


@contextmanager
def serving(ours: Installation) -> Iterator[int]:
    port = free_port()
    web = ours.start_web(port)
    try:
        yield port
    finally:
        processes.stop(web)


def all_addresses(port: int, world: Mapping[str, Any], groups: AbstractSet[str]) -> Iterator[Address]:
    keys, links = world["credentials"], world["links"]
    wait_for(port)
    schema = json.loads(exchanged(port, page_request("/api/schema/?format=json", ())).body)
    yield from events(keys["write_key"])
    yield from operations(schema, ids=world["ids"], keys=keys)
    yield from of_programs(links, world["write_key"], world["csrf"], SETTINGS["ANYMAIL_WEBHOOK_SECRET"])
    places = [place for name, place in links.items() if name != "set-password"]
    # First other people's pages, so that nobody ends the own session with a new password or a login less.
    of_user, of_client = (f"/admin/accounts/{name}/{pk}/change/" for name, pk in world["bystanders"].items())
    starts = {
        "public": ("", ["/", "/client/sign-in", "/client/forgotten-password", "/admin/login/", *places]),
        "client": ("client", ["/client/dashboard/success"]),
        "owner": ("owner", [of_client, "/admin/"]),
        "operator": ("operator", [of_user, of_client, "/admin/"]),
    }
    for group in groups & starts.keys():
        who, first = starts[group]
        credentials = tuple(keys[who]) if who else tuple(world["csrf"])
        yield from crawled(group, first, credentials, partial(page, port, credentials))


def page(port: int, credentials: Sequence[str], place: str) -> bytes:
    return exchanged(port, page_request(place, credentials)).body


def page_request(place: str, credentials: Sequence[str]) -> bytes:
    lines = [f"GET {place} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *credentials]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            if exchanged(port, page_request("/healthz", ())).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError


def blocks(addresses: Sequence[Address], requests: int) -> Iterator[list[Asked]]:
    """Made up from the seed and the request's number alone."""
    block = []
    for number, (address, part, kind) in enumerate(planned(addresses, requests, seed=SEED)):
        block.append(poisoned(address, part, kind, random.Random(SEED + number)))
        if len(block) == BETWEEN_MENDING:
            yield block
            block = []
    yield block


def came_in(port: int, addresses: Sequence[Address]) -> dict[str, int]:
    """The statuses of requests without poison, by address; 0 for those that did not get past the door."""
    with ThreadPoolExecutor(ASKING_AT_ONCE) as pool:
        answers = pool.map(lambda address: exchanged(port, clean(address).content), addresses)
        statuses = [answer.status if answer.got_past else 0 for answer in answers]
    return {f"{address.group} {address.name}": status for address, status in zip(addresses, statuses, strict=True)}


def ask(port: int, outcome: Outcome, asked: Asked) -> None:
    outcome.note(asked, exchanged(port, asked.content, is_whole=asked.is_whole))


def forged_lines(log: str) -> int:
    return sum(line.startswith("2026-01-01 00:00:00 [error] forged") for line in log.splitlines())
