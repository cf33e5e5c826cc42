"""The files of this clone that the starter keeps: the `.run` folder and what is remembered in it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devserver.keys import write_private

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class RunFolder:
    """`.run`, or the folder given to `services`: keys, logs, what is remembered, and the data if that may lie here."""

    path: Path

    def create(self) -> "RunFolder":
        """Make the folder; others may pass through it (the servers' account has to) but not look into it."""
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.path.chmod(0o711)
        self.logs.mkdir(exist_ok=True)
        return self

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets.json"

    @property
    def credentials(self) -> Path:
        return self.path / "credentials.json"

    @property
    def environment(self) -> Path:
        return self.path / "env"

    def log(self, name: str) -> Path:
        """A fresh log file; the one of the time before is kept beside it."""
        log = self.logs / f"{name}.log"
        if log.exists():
            log.replace(self.logs / f"{name}.before.log")
        return log

    def remembered(self, name: str) -> Any:
        """What `remember` stored, or None."""
        return self._state().get(name)

    def remember(self, **facts: Any) -> None:
        """Store facts for the next start."""
        write_private(self.path / "state.json", json.dumps(self._state() | facts, indent=2) + "\n")

    def _state(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self.path / "state.json").read_text()))
        except (OSError, ValueError):
            return {}


RUN = RunFolder(ROOT / ".run")
