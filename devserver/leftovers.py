"""The application's processes of a run that was killed: noted while they run, ended at the next start."""

import json

from devserver import processes
from devserver.clone import RunFolder
from devserver.keys import write_private
from devserver.supervision import Service

_FILE = "pids.json"
_GRACE_SECONDS = 5


def note(run: RunFolder, services: list[Service]) -> None:
    """Write down which processes run now. The start time tells them from later ones with the same number."""
    pids = [service.process.pid for service in services if service.process]
    noted = [{"pid": pid, "started": processes.started_at(pid)} for pid in pids]
    write_private(run.path / _FILE, json.dumps(noted) + "\n")


def end(run: RunFolder) -> int:
    """End what is left of the noted processes and of their children; returns how many were found."""
    found = 0
    for noted in _noted(run):
        pid, started = int(noted["pid"]), processes.started_at(int(noted["pid"]))
        # Without a living leader, members can only be its children: the system does not reuse the number of a group
        # that has members.
        if started in {None, noted["started"]} and processes.group_lives(pid):
            found += 1
            processes.end_group(pid, seconds=_GRACE_SECONDS)
    (run.path / _FILE).unlink(missing_ok=True)
    return found


def _noted(run: RunFolder) -> list[dict[str, str | int]]:
    try:
        return list(json.loads((run.path / _FILE).read_text()))
    except (OSError, ValueError):
        return []
