"""Web and database are killed with -9 again and again while events come in: what was acknowledged is there, once."""

import http.client
import json
import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zlib import crc32

from devserver import processes
from proofs.installation import Installation, free_port, installation

EVENTS = 20_000
KILLS = 50
SENDERS = 8
BATCH = 20
SEED = 20_261_116


@dataclass
class Sending:
    """Senders that repeat each batch until it is acknowledged, as the SDKs do."""

    port: int
    write_key: str
    acknowledged: set[str] = field(default_factory=set)
    attempts: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, number: int) -> None:
        """Send every batch of one sender."""
        for batch in range(EVENTS // SENDERS // BATCH):
            ids = [f"{number}-{batch}-{i}" for i in range(BATCH)]
            body = json.dumps({"batch": [message(message_id) for message_id in ids]})
            while not self.is_acknowledged(body):
                time.sleep(0.05)
            with self.lock:
                self.acknowledged.update(ids)
            time.sleep(0.25)

    def is_acknowledged(self, body: str) -> bool:
        with self.lock:
            self.attempts += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/v1/batch", body, {"Authorization": f"Bearer {self.write_key}"})
            answer = connection.getresponse()
            result = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()
        return answer.status == 200 and result["accepted"] + result["duplicate"] == BATCH


def message(message_id: str, *, visitors: int = 200) -> dict[str, object]:
    return {
        "type": "track",
        "event": "task_completed",
        "userId": f"visitor-{crc32(message_id.encode()) % visitors}",
        "messageId": message_id,
        "timestamp": datetime.now(UTC).isoformat(),
    }


def prove() -> bool:
    """Print the figures; True when nothing was lost, doubled or out of step."""
    with installation() as ours:
        write_key = json.loads(ours.manage("create_organization", "proof", "--json"))["write_key"]
        port = free_port()
        sending = Sending(port, write_key)
        kills = send_and_kill(ours, sending)
        stored = ours.ask("SELECT message_id, count(*) FROM telemetry_event GROUP BY 1")
        counted = ours.ask("SELECT coalesce(sum(total), 0) FROM telemetry_dailyactivity")[0][0]
        differences = ours.manage("rebuild_activity", "--check")
    lost = sending.acknowledged - {str(message_id) for message_id, _ in stored}
    doubled = [message_id for message_id, count in stored if count != 1]
    print(
        f"lost_events: {len(sending.acknowledged):,} events acknowledged in {sending.attempts:,} requests during"
        f" {kills} kills: {len(lost)} lost, {len(doubled)} doubled, {counted} counted. {differences.strip()}"
    )
    return not lost and not doubled and counted == len(stored) == EVENTS


def send_and_kill(ours: Installation, sending: Sending) -> int:
    """Let the senders work until all is acknowledged; meanwhile kill, and start again what was killed."""
    chance = random.Random(SEED)
    web = ours.start_web(sending.port)
    senders = [threading.Thread(target=sending.send, args=[number]) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    kills = 0
    while any(sender.is_alive() for sender in senders):
        time.sleep(chance.uniform(0.2, 1.0))
        if kills >= KILLS:
            continue
        kills += 1
        if chance.random() < 0.5:
            ours.kill_database()
        else:
            os.killpg(web.pid, signal.SIGKILL)
            web.wait()
            web = ours.start_web(sending.port)
    processes.stop(web)
    return kills
