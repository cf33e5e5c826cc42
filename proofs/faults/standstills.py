"""The database stands still, the broker is dead, the disk is full: what each request is answered, and how soon."""

import http.client
import json
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devserver import processes
from proofs.faults.disturbances import Running, family, frozen
from proofs.faults.lost_events import message
from proofs.installation import Installation, free_port

ANSWERED_WITHIN_SECONDS = 3.0
RECOVERED_WITHIN_SECONDS = 5.0
SIGN_IN = """
import django; django.setup()
from accounts.models import User
from benchmarks.sessions import sign_in
print(sign_in(User.objects.create_superuser("operator", password=None)))
"""
ROOM_BYTES = 96 << 20


@dataclass(frozen=True)
class Answer:
    status: int
    seconds: float
    retry_after: str
    at: float


@dataclass
class Asker:
    """Asks one address again and again, in a thread of its own."""

    port: int
    method: str
    path: str
    key: str = ""
    cookie: str = ""
    answers: list[Answer] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        number = 0
        while not self.is_over.wait(0.1):
            number += 1
            self.ask_once(f"{id(self)}-{number}")

    def ask_once(self, message_id: str) -> None:
        # The list that SDKs send, and the native one.
        lists = {"batch": [message(message_id)], "events": [message(message_id)]}
        body = json.dumps(lists) if self.method == "POST" else None
        headers = {"Authorization": f"Bearer {self.key}", "Cookie": self.cookie}
        began, status, retry_after = time.monotonic(), 0, ""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(self.method, self.path, body, headers)
            answer = connection.getresponse()
            answer.read()
            status, retry_after = answer.status, answer.headers.get("Retry-After", "")
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        if status == 200 and self.method == "POST":
            self.acknowledged.add(message_id)
        self.answers.append(Answer(status, time.monotonic() - began, retry_after, time.monotonic()))


@dataclass
class Standing:
    """An installation with its web server and one asker for each sort of address."""

    running: Running
    askers: list[Asker]

    def during(self, began: float, ended: float) -> dict[str, list[Answer]]:
        """By path, what was asked in that time, however late it was answered."""
        return {
            asker.path: [each for each in asker.answers if began <= each.at - each.seconds <= ended]
            for asker in self.askers
        }

    def recovery(self, at: float, path: str) -> float:
        """Seconds until the first good answer to what was asked after that."""
        asker = next(each for each in self.askers if each.path == path)
        return min((each.at - at for each in asker.answers if each.at > at and each.status == 200), default=999.0)


def prove_standstills(
    ours: Installation, keys: Mapping[str, str], *, frozen_seconds: float, other_seconds: float
) -> bool:
    """Of an installation whose programs are stopped. `other_seconds`: for as long the broker is dead, the disk full."""
    port = free_port()
    running = Running(ours, port)
    running.start("web")
    standing = Standing(running, [
        Asker(port, "POST", "/v1/batch", keys["write_key"]),
        Asker(port, "POST", "/api/v1/events", keys["write_key"]),
        Asker(port, "POST", "/beacon/v1/batch", keys["write_key"]),
        Asker(port, "GET", "/readyz"),
        Asker(port, "GET", "/api/v1/clients", keys["secret_key"]),
        Asker(port, "GET", "/client/sign-in"),
        Asker(port, "GET", "/admin/", cookie=session_of_operator(ours)),
    ])  # fmt: skip
    threads = [threading.Thread(target=asker.run) for asker in standing.askers]
    for thread in threads:
        thread.start()
    try:
        wait_for_recovery(standing, at=time.monotonic(), seconds=60)
        held = [
            is_served_without_broker(standing, other_seconds),
            is_frozen_well(standing, frozen_seconds),
            is_full_well(standing, other_seconds),
        ]
    finally:
        for asker in standing.askers:
            asker.is_over.set()
        for thread in threads:
            thread.join()
        running.stop()
    return all(held)


def session_of_operator(ours: Installation) -> str:
    return subprocess.run(
        [sys.executable, "-c", SIGN_IN], env=ours.environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def wait_for_recovery(standing: Standing, *, at: float, seconds: float) -> None:
    """Until every address has given a good answer, but not for longer than that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(standing.recovery(at, asker.path) > seconds for asker in standing.askers):
        time.sleep(0.1)


def is_served_without_broker(standing: Standing, seconds: float) -> bool:
    broker = standing.running.server("broker")
    began = time.monotonic()
    if broker.process:
        processes.kill_group(broker.process.pid)
        broker.process.wait()
    time.sleep(seconds)
    answers = standing.during(began, time.monotonic())["/v1/batch"]
    broker.start()
    print(f"faults, broker dead {seconds:.0f} s: /v1/batch {summary(answers)}", flush=True)
    return bool(answers) and all(each.status == 200 for each in answers)


def is_frozen_well(standing: Standing, seconds: float) -> bool:
    began = time.monotonic()
    with frozen(family(standing.running.leader("database"))):
        time.sleep(seconds)
        ended = time.monotonic()
    wait_for_recovery(standing, at=ended, seconds=RECOVERED_WITHIN_SECONDS + 3)
    # What was asked at the very end may be answered by the thawed database.
    asked, held = standing.during(began, ended - ANSWERED_WITHIN_SECONDS), True
    for path, answers in asked.items():
        recovery = standing.recovery(ended, path)
        print(
            f"faults, database frozen {seconds:.0f} s: {path} {summary(answers)}; good again after {recovery:.1f} s",
            flush=True,
        )
        held &= all(each.status == 503 and each.retry_after and each.seconds <= ANSWERED_WITHIN_SECONDS
                    for each in answers) and bool(answers)  # fmt: skip
        held &= recovery <= RECOVERED_WITHIN_SECONDS
    return held


def is_full_well(standing: Standing, seconds: float) -> bool:
    """The data move to a small file system, which is filled up."""
    service = standing.running.server("database")
    data = standing.running.ours.servers.home / "postgres" / "data"
    service.stop()
    aside = data.with_name("aside")
    data.rename(aside)
    data.mkdir()
    size = int(subprocess.check_output(["du", "-sb", str(aside)]).split()[0]) + ROOM_BYTES
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(data)]
    is_mounted = subprocess.run(mount, check=False).returncode == 0
    try:
        if not is_mounted:
            print("faults, disk full: not tried, a file system cannot be mounted here")
            return True
        subprocess.run(["cp", "-a", f"{aside}/.", str(data)], check=True)
        shutil.copystat(aside, data)
        shutil.chown(data, aside.stat().st_uid, aside.stat().st_gid)
        service.start()
        return is_filled_well(standing, data, seconds)
    finally:
        service.stop()
        if is_mounted:
            subprocess.run(["umount", str(data)], check=True)
        # What was acknowledged last is on the small disk: its fate is looked at above.
        data.rmdir()
        aside.rename(data)
        service.start()


def is_filled_well(standing: Standing, data: Path, seconds: float) -> bool:
    """Nothing is acknowledged and lost meanwhile; the same processes serve on when there is room again."""
    asker, service = standing.askers[0], standing.running.server("database")
    wait_for_recovery(standing, at=time.monotonic(), seconds=30)
    ballast = data / "ballast"
    began = time.monotonic()
    subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=1M"], check=False, capture_output=True)
    time.sleep(seconds)
    ended = time.monotonic()
    ballast.unlink()
    fell = service.process is None or service.process.poll() is not None
    if fell:
        service.start()
    wait_for_recovery(standing, at=ended, seconds=RECOVERED_WITHIN_SECONDS + 3)
    answers, recovery = standing.during(began, ended)[asker.path], standing.recovery(ended, asker.path)
    # Before looking what is stored: the senders go on.
    acknowledged = set(asker.acknowledged)
    stored = {str(row[0]) for row in standing.running.ours.ask("SELECT message_id FROM telemetry_event")}
    lost = acknowledged - stored
    print(
        f"faults, disk full {seconds:.0f} s: {asker.path} {summary(answers)}; good again after {recovery:.1f} s,"
        f" {len(lost)} lost; PostgreSQL itself {'ended' if fell else 'lived'}",
        flush=True,
    )
    if fell:
        return False
    return not lost and recovery <= RECOVERED_WITHIN_SECONDS and {each.status for each in answers} <= {200, 503}


def summary(answers: list[Answer]) -> str:
    slowest = max((each.seconds for each in answers), default=0.0)
    with_wait = sum(bool(each.retry_after) for each in answers)
    return f"{dict(Counter(each.status for each in answers))}, {with_wait} with Retry-After, slowest {slowest:.2f} s"
