"""Which operating system user runs the servers, and where their files can lie.

PostgreSQL refuses to run as root. Root therefore hands both servers to an unprivileged account, and that account often
cannot reach the clone or its virtual environment (below /root, for instance). Nothing above our own folders ever
changes its permissions: what the account cannot reach is put or copied into a private folder that it can.
"""

import fcntl
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from devserver import UnableToStartError

_SCRATCH_PREFIX = "mainstay-scratch-"
_UNFINISHED_SECONDS = 600


@dataclass(frozen=True)
class Account:
    """An operating system user that the servers run as."""

    uid: int
    gid: int


def service_account() -> Account | None:
    """None means: run as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "postgres", "daemon"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            account = Account(entry.pw_uid, entry.pw_gid)
            if entry.pw_uid != 0 and can(account, ":"):
                return account
    raise UnableToStartError(
        "PostgreSQL does not run as root and no unprivileged account (nobody, postgres, daemon) can be used here. "
        "Run as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def can(account: Account, script: str, *arguments: str | Path) -> bool:
    """Whether a shell line succeeds as that account."""
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *map(str, arguments)],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def make_private(folder: Path, account: Account | None) -> Path:
    """Create a folder that only the account may enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if account:
        os.chown(folder, account.uid, account.gid)
    return folder


def hand_over(file: Path, text: str, account: Account | None) -> None:
    """Write a file that only the account may read; it is never open to others, not even for a moment."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    if account:
        os.chown(file, account.uid, account.gid)


def holds_data(folder: Path, account: Account | None) -> bool:
    """Whether a database may lie in this folder: the account gets there, and permissions stay as they are set.

    Shared folders of virtual machines and some network file systems fail the second.
    """
    probe = folder / f".probe-{os.getpid()}"
    try:
        make_private(probe, account)
        kept = stat.S_IMODE(probe.stat().st_mode) == 0o700
        return kept and (account is None or can(account, 'touch "$1"', probe / "file"))
    except OSError:
        return False
    finally:
        shutil.rmtree(probe, ignore_errors=True)


def reachable(binary: Path, account: Account | None) -> bool:
    """Whether the account can execute this file where it lies."""
    return account is None or can(account, 'test -r "$1" && test -x "$1"', binary)


def private_bases() -> list[Path]:
    """Where folders outside the clone may go, best first."""
    bases = ("/var/tmp", tempfile.gettempdir(), "/tmp")  # noqa: S108  (folders in them get random names, and are ours)
    return list(dict.fromkeys(Path(base).resolve() for base in bases))


def make_outside(prefix: str, account: Account | None) -> Path:
    """A new folder outside the clone that the account can reach; others see only that it exists."""
    for base in private_bases():
        with suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
            folder.chmod(0o711 if account else 0o700)
            if holds_data(folder, account):
                return folder
            folder.rmdir()
    raise UnableToStartError("No folder for temporary data that the database account can write to was found.")


@contextmanager
def scratch(remove: Callable[[Path], None]) -> Iterator[Path]:
    """A folder that is gone afterwards. What killed holders left is removed first: a free lock tells.

    `remove` stops whatever runs in a folder and deletes it.
    """
    sweep(remove)
    folder = make_outside(_SCRATCH_PREFIX, service_account())
    # Locked before it gets its name, so that no sweep ever sees the lock of a living holder free.
    nascent = folder / "lock.new"
    with nascent.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        nascent.rename(folder / "lock")
        try:
            yield folder
        finally:
            remove(folder)


def sweep(remove: Callable[[Path], None]) -> None:
    """Remove scratch folders of this user whose holder is dead."""
    for base in private_bases():
        for folder in base.glob(f"{_SCRATCH_PREFIX}*"):
            with suppress(OSError):
                if is_ours(folder) and _abandoned(folder):
                    remove(folder)


def is_ours(folder: Path) -> bool:
    """Whether it is a real folder of this user: in a folder open to all, others may put links and traps."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def _abandoned(folder: Path) -> bool:
    try:
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return time.time() - folder.stat().st_mtime > _UNFINISHED_SECONDS
