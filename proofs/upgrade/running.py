"""The processes of an installation while one release takes over from the other."""

import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from devserver import processes
from proofs.installation import Installation

# As long as the units and compose.yaml give them.
STOP_SECONDS = {"web": 45.0, "worker": 300.0, "beat": 20.0}
WEB_WORKERS = 2


@dataclass
class Running:
    """By name, such as `web of v1.0`. Webs share one port."""

    port: int
    programs: dict[str, processes.Process] = field(default_factory=dict)

    def start(self, ours: Installation, part: str, *, release: str) -> None:
        name = f"{part} of {release}"
        self.programs[name] = ours.start(*self._command(part), log=f"{name}.log")
        if part.startswith("web"):
            wait_for_words(ours.logs / f"{name}.log", "Started worker-", times=WEB_WORKERS)
        if part == "worker":
            wait_for_words(ours.logs / f"{name}.log", "ready.", times=1)

    def _command(self, part: str) -> list[str]:
        if part.startswith("web"):
            return [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", str(WEB_WORKERS),
                "--blocking-threads", "16", "--respawn-failed-workers", "--host", "127.0.0.1",
                "--port", str(self.port), "--workers-kill-timeout", "30", "config.wsgi:application",
            ]  # fmt: skip
        more = ["--concurrency", "2", "--without-mingle"] if part == "worker" else ["--pidfile", ""]
        return [sys.executable, "-m", "celery", "-A", "config", part, "--loglevel", "INFO", *more]

    def stop(self, part: str, *, release: str) -> None:
        """As the service manager does: what is under way is ended first."""
        process = self.programs.pop(f"{part} of {release}")
        processes.stop(process, first=signal.SIGTERM, seconds=STOP_SECONDS[part.partition(" ")[0]])

    def stop_all(self) -> None:
        for process in self.programs.values():
            processes.stop(process)


def wait_for_words(log: Path, words: str, *, times: int) -> None:
    deadline = time.monotonic() + 60
    while log.read_text(errors="replace").count(words) < times:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{log.name} does not say {words!r}:\n{processes.tail(log)}")
        time.sleep(0.1)
