"""Who uses an installation: applications that send events and ask the API, clients, members and an operator."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Self

from proofs.faults.lost_events import message

BATCH = 20
# Addresses that the former release has too.
OF_THE_API = (
    "/api/v1/clients", "/api/v1/clients/client-7", "/api/v1/clients/client-7/scores", "/api/v1/clients/client-7/events",
    "/api/v1/scores", "/api/v1/insights", "/api/v1/tasks", "/api/v1/milestones", "/api/v1/milestone-definitions",
    "/api/v1/feedback", "/api/v1/churn", "/api/client/success?clientId=client-7",
)  # fmt: skip
OF_A_CLIENT = (
    "/client/dashboard/success", "/client/dashboard/success/events?part=events", "/client/preferences",
    "/client/feedback", "/client/password",
)  # fmt: skip
OF_STAFF = (
    "/admin/", "/admin/accounts/client/", "/admin/accounts/client/1/change/", "/admin/health/alert/",
    "/admin/success/score/", "/admin/success/insight/", "/admin/success/task/", "/admin/telemetry/event/",
)  # fmt: skip
OF_AN_OPERATOR = (
    "/admin/accounts/organization/", "/admin/jobs/jobrun/", "/admin/health/operatoralert/",
    "/admin/emails/outboxemail/",
)  # fmt: skip
OF_ANYBODY = ("/", "/healthz", "/readyz", "/client/sign-in", "/client/forgotten-password", "/api/schema/")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: str | None = None
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """`status` is 0 where none came."""

    request: Request
    status: int
    seconds: float
    at: float
    text: bytes

    @property
    def is_good(self) -> bool:
        return self.status in {200, 201, 302}


@dataclass
class Visitors:
    """Threads, each with one request after the other, on a connection of its own as proxies make them."""

    port: int
    keys: Mapping[str, str]
    pause_seconds: float = 0.1
    answers: list[Answer] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        kinds = [self.events("a"), self.events("b"), self.changes(), *(self.reads(each) for each in self.readers())]
        self.threads = [threading.Thread(target=self._visit, args=[requests]) for requests in kinds]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def readers(self) -> list[list[Request]]:
        def gets(paths: tuple[str, ...], **headers: str) -> list[Request]:
            return [Request("GET", path, headers) for path in paths]

        return [
            gets(OF_THE_API, Authorization=f"Bearer {self.keys['secret_key']}"),
            gets(OF_A_CLIENT, Cookie=self.keys["client"]),
            gets(OF_STAFF, Cookie=self.keys["member"]) + gets(OF_AN_OPERATOR, Cookie=self.keys["operator"]),
            gets(OF_ANYBODY),
        ]

    def reads(self, requests: list[Request]) -> Iterator[Request]:
        while True:
            yield from requests

    def events(self, sender: str) -> Iterator[Request]:
        headers = {"Authorization": f"Bearer {self.keys['write_key']}", "Content-Type": "application/json"}
        for number in count():
            ids = tuple(f"{sender}-{number}-{i}" for i in range(BATCH))
            yield Request("POST", "/v1/batch", headers, json.dumps({"batch": [message(each) for each in ids]}), ids)

    def changes(self) -> Iterator[Request]:
        headers = {"Authorization": f"Bearer {self.keys['secret_key']}", "Content-Type": "application/json"}
        for number in count():
            client = f"client-{number % 500}"
            yield Request("POST", "/api/client/success", headers, json.dumps({"clientId": client}))
            task = json.dumps({"title": f"Step {number}", "status": "in_progress"})
            yield Request("PUT", f"/api/v1/clients/{client}/tasks/task-{number}", headers, task)
            yield Request("PATCH", f"/api/v1/clients/{client}", headers, json.dumps({"name": f"Client {number}"}))

    def _visit(self, requests: Iterator[Request]) -> None:
        for request in requests:
            if self.is_over.wait(self.pause_seconds):
                return
            self.answers.append(self._ask(request))

    def _ask(self, request: Request) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        began, status, text = time.monotonic(), 0, b""
        try:
            connection.request(request.method, request.path, request.body, {**request.headers, "Connection": "close"})
            answer = connection.getresponse()
            text, status = answer.read(), answer.status
        except (OSError, http.client.HTTPException) as error:
            text = repr(error).encode()
        finally:
            connection.close()
        # What is said of failures is wanted, not the pages.
        return Answer(request, status, time.monotonic() - began, time.monotonic(), text[:300])

    @property
    def acknowledged(self) -> set[str]:
        return {each for answer in self.answers if answer.status == 200 for each in answer.request.ids}

    def between(self, began: float, ended: float) -> list[Answer]:
        """What was being asked in that time."""
        return [each for each in self.answers if each.at >= began and each.at - each.seconds <= ended]


def summary(answers: list[Answer]) -> str:
    failed = [each for each in answers if not each.is_good]
    slowest = max(answers, key=lambda each: each.seconds, default=None)
    found = Counter((each.request.method, each.request.path.partition("?")[0], each.status) for each in failed)
    told = f"{len(answers):,} requests, {len(failed)} failed"
    if slowest:
        told += f", the longest {slowest.seconds:.2f} s ({slowest.request.method} {slowest.request.path})"
    return told + "".join(f"\n    {number} x {what}" for what, number in found.most_common(20))
