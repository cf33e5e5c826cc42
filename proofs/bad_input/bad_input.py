"""Poison over real HTTP to every kind of address: no failure, no slow answer, no long refusal; and canaries.

Schema-driven requests are `api_schema`'s.
"""

import json
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from statistics import quantiles
from urllib.parse import quote, urlencode

from devserver import processes
from proofs.bad_input.poison import BOMB, HEADERS, VALUES
from proofs.installation import Installation, free_port, installation
from tests.telemetry.poison import BODIES, EVENTS

REQUESTS = 50_000
WARMING_UP = 300
ASKING_AT_ONCE = 6
SEED = 20_261_121
LONGEST_REFUSAL = 16_384
SLOW_SECONDS = 1.0
PATIENCE_SECONDS = 20
LIMITS = {
    "API_REQUESTS_PER_SECOND": "1000000",
    "API_REQUESTS_BURST": "1000000",
    "INGEST_FAILURES_PER_SECOND": "1000000",
    "INGEST_FAILURES_BURST": "1000000",
    "CRON_WAIT_SECONDS": "0",
}
# Prints the cookies of an owner and of a client of the organization.
SIGN_IN = """
import json
from django.conf import settings
from django.test import Client as Browser
from accounts.models import *
from accounts.tenancy import all_organizations
cookies = {}
with all_organizations():
    organization = Organization.objects.get(slug="proof")
    for name in ("owner", "client"):
        user = User.objects.create_user(name, is_staff=name == "owner")
        if name == "owner":
            Membership.objects.create(organization=organization, user=user, role="owner")
        else:
            Client.objects.create(organization=organization, external_id="user-1", user=user)
        browser = Browser()
        browser.force_login(user)
        session = browser.cookies[settings.SESSION_COOKIE_NAME].value
        cookies[name] = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={'a' * 32}"
print(json.dumps(cookies))
"""
CANARIES = (
    "import django, sys; django.setup(); from proofs.bad_input.canaries import work; sys.exit(0 if work() else 1)"
)
TOKEN = {"csrfmiddlewaretoken": "a" * 32}


@dataclass(frozen=True)
class Target:
    """`{}` in the path takes a value; `fields` are those of a JSON body or, with a cookie, of a form."""

    methods: tuple[str, ...]
    path: str
    fields: tuple[str, ...] = ()
    credentials: str = ""


EVENT = (
    "type",
    "event",
    "name",
    "userId",
    "clientId",
    "anonymousId",
    "messageId",
    "timestamp",
    "occurredAt",
    "properties",
    "data",
    "context",
)
TARGETS = (
    *(
        Target(("POST",), path, EVENT, "write_key")
        for path in (
            "/v1/batch",
            "/v1/track",
            "/v1/identify",
            "/v1/alias",
            "/v1/page",
            "/beacon/v1/batch",
            "/api/v1/events",
        )
    ),
    Target(
        ("GET", "POST"),
        "/api/v1/clients?limit={}&cursor={}",
        ("externalId", "name", "email", "traits", "createdAt"),
        "secret_key",
    ),
    Target(
        ("GET", "PATCH", "DELETE"),
        "/api/v1/clients/{}",
        ("name", "email", "timezone", "language", "status"),
        "secret_key",
    ),
    Target(
        ("GET", "POST"), "/api/v1/tasks?clientId={}&status={}", ("clientId", "title", "dueOn", "status"), "secret_key"
    ),
    Target(("PUT",), "/api/v1/clients/user-1/tasks/{}", ("title", "dueOn", "status", "isOnboarding"), "secret_key"),
    Target(("GET",), "/api/v1/clients/user-1/scores/{}", (), "secret_key"),
    Target(("PUT", "DELETE"), "/api/v1/clients/user-1/churn", ("churnedOn", "reason"), "secret_key"),
    Target(("GET", "PUT"), "/api/v1/clients/user-1/mail-preferences", ("weekly",), "secret_key"),
    Target(
        ("GET", "POST"),
        "/api/v1/feedback?clientId={}",
        ("clientId", "kind", "rating", "comment", "givenAt"),
        "secret_key",
    ),
    Target(("GET",), "/api/v1/alerts?status={}&owner={}&limit={}", (), "secret_key"),
    Target(("POST",), "/api/v1/alerts/{}/note", ("note",), "secret_key"),
    Target(
        ("GET", "POST", "PATCH"),
        "/api/client/success?clientId={}",
        ("clientId", "action", "insightId", "eventType", "periodEnd"),
        "secret_key",
    ),
    Target(("GET", "POST"), "/api/cron/{}", ("organization", "periodEnd"), "cron_secret"),
    Target(("POST",), "/api/cron/success-score", ("organization", "periodEnd"), "cron_secret"),
    Target(("POST",), "/anymail/{}/tracking/", ("RecordType", "MessageID")),
    Target(("POST",), "/anymail/postmark/tracking/", ("RecordType", "MessageID", "Email")),
    *(
        Target(("GET", "POST"), path)
        for path in (
            "/mail/c/{}/{}",
            "/mail/o/{}.gif",
            "/mail/preferences/{}",
            "/mail/unsubscribe/{}",
            "/feedback/{}?rating={}",
            "/invitation/{}",
            "/set-password/{}/{}",
            "/v1/projects/{}/settings",
            "/sourceConfig/?writeKey={}",
            "/{}",
        )
    ),
    Target(("GET",), "/client/dashboard/success?week={}&part={}", (), "client"),
    Target(("GET",), "/client/dashboard/success/events?part={}&before={}", (), "client"),
    Target(("POST",), "/client/tasks/{}/complete", ("next",), "client"),
    Target(("POST",), "/client/feedback", ("kind", "rating", "comment"), "client"),
    Target(("GET", "POST"), "/client/preferences", ("language", "timezone", "weekly"), "client"),
    Target(("GET",), "/admin/accounts/client/?q={}&p={}&o={}", (), "owner"),
    Target(("GET", "POST"), "/admin/accounts/client/{}/change/", ("name", "email", "external_id", "timezone"), "owner"),
    Target(
        ("POST",),
        "/admin/accounts/client/add/",
        ("external_id", "name", "email", "status", "language", "timezone"),
        "owner",
    ),
    Target(("POST",), "/admin/success/task/add/", ("client", "title", "status", "due_on", "external_id"), "owner"),
    Target(("GET",), "/admin/health/alert/?q={}&status={}", (), "owner"),
    Target(("GET",), "/admin/autocomplete/?term={}&app_label={}&model_name={}&field_name={}", (), "owner"),
    Target(("POST",), "/admin/success/task/", ("action", "_selected_action", "index"), "owner"),
)


@dataclass
class Outcome:
    """`statuses` counts 0 for what the server closed without an answer, as it does with what is no HTTP.

    What was slow among others is asked once more alone: that is the request's own doing, the other is the machine's.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    slow: list[int] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    long: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)


def prove() -> bool:
    """Print the figures; True when nothing failed, no refusal was long, and no canary is live."""
    with installation(**LIMITS) as ours:
        credentials = made(ours)
        port = free_port()
        web = ours.start_web(port)
        outcome, alone, begun = Outcome(), Outcome(), time.monotonic()
        wait_for(port)
        with ThreadPoolExecutor(ASKING_AT_ONCE) as pool:
            list(pool.map(partial(ask, port, credentials, Outcome()), range(WARMING_UP)))
            list(pool.map(partial(ask, port, credentials, outcome), range(REQUESTS)))
        took = time.monotonic() - begun
        for number in outcome.slow:
            ask(port, credentials, alone, number)
        processes.stop(web)
        log = (ours.logs / "web.log").read_text(errors="replace")
    held = told(outcome, alone, took, log)
    with installation(DJANGO_SETTINGS_MODULE="config.settings.test") as ours:
        canaries = subprocess.run([sys.executable, "-c", CANARIES], env=ours.environment, check=False)
    return held and canaries.returncode == 0


def made(ours: Installation) -> dict[str, str]:
    keys = json.loads(ours.manage("create_organization", "proof", "--json"))
    cookies = json.loads(ours.manage("shell", "--no-imports", "-c", SIGN_IN))
    bearers = {name: f"Authorization: Bearer {keys[name]}" for name in ("write_key", "secret_key")}
    bearers["cron_secret"] = f"Authorization: Bearer {ours.environment['CRON_SECRET']}"
    return bearers | {name: f"Cookie: {cookie}" for name, cookie in cookies.items()} | {"": "X-Nobody: 1"}


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return


def told(outcome: Outcome, alone: Outcome, took: float, log: str) -> bool:
    statuses = ", ".join(f"{status or 'closed'}: {count:,}" for status, count in sorted(outcome.statuses.items()))
    p99 = quantiles(outcome.seconds, n=100)[-1]
    forged = sum(line.startswith("2026-01-01 00:00:00 [error] forged") for line in log.splitlines())
    print(
        f"bad_input: {len(outcome.seconds):,} requests of {len(outcome.kinds)} kinds to {len(TARGETS)} sorts of address"
        f" in {took:.0f} s by {ASKING_AT_ONCE} at once ({statuses}): {len(outcome.failed)} failures,"
        f" {len(outcome.slow)} over {SLOW_SECONDS:.0f} s, alone {len(alone.slow)}, {len(outcome.long)} refusals over {LONGEST_REFUSAL:,} bytes,"  # noqa: E501
        f" {forged} forged lines in the log; p99 {p99 * 1000:.0f} ms, slowest {max(outcome.seconds) * 1000:.0f} ms",
        flush=True,
    )
    for line in [*outcome.failed[:15], *outcome.long[:10], *outcome.names[:10], *alone.names[:10]]:
        print(f"bad_input: {line}", flush=True)
    return not (outcome.failed or alone.slow or outcome.long or forged)


def ask(port: int, credentials: dict[str, str], outcome: Outcome, number: int) -> None:
    """One request, made up from its number alone."""
    chance = random.Random(SEED + number)
    target, method, kind, content = poisoned(chance, credentials)
    begun = time.monotonic()
    answer = exchanged(port, content, is_whole=not kind.startswith("header: "))
    took = time.monotonic() - begun
    status = int(answer[9:12]) if answer[:5] == b"HTTP/" and answer[9:12].isdigit() else 0
    name = f"{number}: {method} {target.path}, {kind}: {status}, {len(answer):,} bytes, {took:.2f} s"
    outcome.statuses[status] += 1
    outcome.seconds.append(took)
    outcome.kinds.add(kind)
    if status >= 500:
        outcome.failed.append(name)
    if status >= 400 and len(answer) > LONGEST_REFUSAL:
        outcome.long.append(name)
    if took > SLOW_SECONDS:
        outcome.slow.append(number)
        outcome.names.append(name)


def exchanged(port: int, content: bytes, *, is_whole: bool) -> bytes:
    """What comes back until the server closes. It may wait for more of what is not whole, so that is ended at once."""
    answer = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        try:
            connection.sendall(content)
            if not is_whole:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        try:
            while piece := connection.recv(65_536):
                answer += piece
        except OSError:
            pass
    return bytes(answer)


def poisoned(chance: random.Random, credentials: dict[str, str]) -> tuple[Target, str, str, bytes]:
    """The whole of it as bytes: any one part is poison, the others are as they should be."""
    target = chance.choice(TARGETS)
    method = chance.choice(target.methods)
    part = chance.choice(["field", "field", "address", "body", "event", "header", "bytes"])
    if part == "address" and "{}" not in target.path:
        part = "field"
    kind, value = chance.choice(list(VALUES.items()))
    path = target.path
    while "{}" in path:
        path = path.replace("{}", quote(value.encode(errors="surrogatepass"), safe="") if part == "address" else "1", 1)
    path = path[:12_000]
    body, content_type = body_of(chance, target, value if part == "field" else "user-1")
    headers = b"Content-Length: {length}"
    if part == "body":
        kind, body = chance.choice([*BODIES.items(), ("a bomb of brackets", BOMB)])
        headers += chance.choice([b"", b"\r\nContent-Encoding: gzip"])
    elif part == "event":
        kind, body = chance.choice(list(EVENTS.items()))
        body = chance.choice([body, b'{"batch": [' + body + b"]}"])
    elif part == "header":
        kind, headers = chance.choice(list(HEADERS.items()))
    elif part == "bytes":
        kind, body = "bytes changed", changed(chance, body or json.dumps({"a": value}).encode(errors="replace"))
    if method == "GET" and part not in {"header", "body"}:
        body = b""
    lines = [f"{method} {path} HTTP/1.1".encode(), credentials[target.credentials].encode(), b"Connection: close"]
    named = {line.partition(b":")[0].lower() for line in headers.split(b"\r\n")}
    lines += [] if b"host" in named else [b"Host: 127.0.0.1"]
    lines += [] if b"content-type" in named else [b"Content-Type: " + content_type]
    head = b"\r\n".join([*lines, headers.replace(b"{length}", str(len(body)).encode())])
    return target, method, f"{part}: {kind}", head + b"\r\n\r\n" + body


def body_of(chance: random.Random, target: Target, value: str) -> tuple[bytes, bytes]:
    """One field, or all of them, with the value; as a form where there is a cookie."""
    poisoned_field = chance.choice([*target.fields, ""]) if target.fields else ""
    fields = {name: value if poisoned_field in {"", name} else "user-1" for name in target.fields}
    if target.credentials in {"owner", "client"}:
        form = urlencode(fields | TOKEN, errors="surrogatepass")
        return form.encode(), b"application/x-www-form-urlencoded"
    told = chance.choice(
        [fields, {"batch": [fields]}, {"events": [fields]}, {name: {value: [value]} for name in fields}]
    )
    return json.dumps(told, ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass"), b"application/json"


def changed(chance: random.Random, body: bytes) -> bytes:
    """Some bytes lost, doubled or replaced."""
    content = bytearray(body)
    change: list[Callable[[int], object]] = [
        content.pop,
        lambda at: content.insert(at, chance.randrange(256)),
        lambda at: content.__setitem__(at, chance.randrange(256)),
    ]
    for _ in range(chance.randrange(1, 6)):
        if content:
            chance.choice(change)(chance.randrange(len(content)))
    return bytes(content)
