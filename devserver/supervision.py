"""Keep a handful of processes running and stop them in order."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from devserver import UnableToStartError, processes, signals

# A process that dies this often within this time will not get better by starting it once more.
_MOST_RESTARTS = 5
_WITHIN_SECONDS = 120
_LONGEST_PAUSE_SECONDS = 10
_LOOK_SECONDS = 0.25


@dataclass
class Service:
    """One process: how to launch it and how to stop it."""

    name: str
    log: Path
    launch: Callable[[], processes.Process]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10
    process: processes.Process | None = None
    _deaths: list[float] = field(default_factory=list)
    _not_before: float = 0

    def start(self) -> None:
        """Launch the process."""
        self.process = self.launch()

    def ask_to_stop(self) -> None:
        """Send the stop signal without waiting."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Stop the process and what is left of its session."""
        if self.process:
            processes.stop(self.process, first=self.stop_signal, seconds=self.stop_seconds)
            self.process = None

    def keep_alive(self, announce: Callable[[str], None]) -> bool:
        """Restart the process if it died, each time after a longer pause; whether that happened just now."""
        now = time.monotonic()
        if self.process is None:
            if now < self._not_before:
                return False
            self.start()
            return True
        code = self.process.poll()
        if code is None:
            return False
        processes.kill_group(self.process.pid)
        self.process = None
        self._deaths = [death for death in self._deaths if now - death < _WITHIN_SECONDS] + [now]
        if len(self._deaths) > _MOST_RESTARTS:
            raise UnableToStartError(f"{self.name} keeps ending. The end of {self.log}:\n{processes.tail(self.log)}")
        pause = min(2 ** (len(self._deaths) - 1), _LONGEST_PAUSE_SECONDS)
        self._not_before = now + pause
        announce(f"{self.name} ended with code {code} and is started again in {pause} s ({self.log}).")
        return False


def watch(services: list[Service], announce: Callable[[str], None], restarted: Callable[[], None]) -> None:
    """Keep all of them alive until a stop signal raises Interrupted."""
    while True:
        signals.check()
        for service in services:
            if service.keep_alive(announce):
                announce(f"{service.name} runs again.")
                restarted()
        time.sleep(_LOOK_SECONDS)


def stop_all(services: list[Service], *, together: int) -> None:
    """Stop the last first; the last `together` ones do not depend on each other and stop at the same time."""
    for service in services[len(services) - together :]:
        service.ask_to_stop()
    for service in reversed(services):
        service.stop()
    services.clear()
