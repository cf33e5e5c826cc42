"""A pair of servers that survives the calling shell, for running many things against one database."""

import shlex
from pathlib import Path

from devserver import homes, keys, services
from devserver.clone import RunFolder


def start(folder: Path, *, lasting: bool) -> dict[str, str]:
    """Start (or start again) the pair of a folder and write its environment to `env` there."""
    run = RunFolder(folder.resolve()).create()
    secrets = keys.load(run.secrets)
    servers = services.Servers(homes.data_home(run), run.logs, lasting, memory=run, attended=False)
    ours = services.environment(servers.start(secrets), secrets)
    keys.write_private(run.environment, export_lines(ours))
    return ours


def stop(folder: Path) -> None:
    """Stop the pair and delete its data."""
    run = RunFolder(folder.resolve())
    homes.discard(run)
    run.environment.unlink(missing_ok=True)


def export_lines(ours: dict[str, str]) -> str:
    """The environment as lines for a shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in ours.items())
