"""Where lasting data lies, and how it is removed."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from devserver import hosting
from devserver.clone import RunFolder
from devserver.postgres import Postgres
from devserver.valkey import Valkey

_OUTSIDE_PREFIX = "mainstay-data-"
_NAME_TAG = "belongs-to"


def data_home(run: RunFolder) -> Path:
    """The folder of a run folder's data: inside it, or outside where the servers' account cannot reach it.

    It is made even if the environment names a server for one of the two; with both named there is no data.
    """
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return run.path
    remembered = _remembered_home(run)
    if remembered:
        return remembered
    account = hosting.service_account()
    _remove_orphans(run)
    if hosting.holds_data(run.path, account):
        home = run.path / "servers"
        home.mkdir(mode=0o711, exist_ok=True)
    else:
        home = hosting.make_outside(_OUTSIDE_PREFIX, account)
    (home / _NAME_TAG).write_text(f"{run.path}\n")
    run.remember(home=str(home))
    return home


def discard(run: RunFolder) -> None:
    """Stop the servers of a run folder and delete their data, wherever it lies."""
    home = _remembered_home(run)
    if home:
        remove(home)
    _remove_orphans(run)


def remove(home: Path) -> None:
    """Stop whatever runs on the data in a folder, and delete it."""
    Postgres(home / "postgres", None, home, {}).stop_stray()
    Valkey(home / "valkey", None, home, password="", lasting=False).stop_stray()
    shutil.rmtree(home, ignore_errors=True)


def _remembered_home(run: RunFolder) -> Path | None:
    """The noted folder if it is ours: a copied clone notes its original's, a moved clone takes its own along."""
    noted = run.remembered("home")
    home = Path(noted) if noted else None
    owner = _owner_of(home) if home else None
    if home is None or owner is None:
        return None
    if owner != str(run.path):
        if Path(owner).exists():
            return None
        (home / _NAME_TAG).write_text(f"{run.path}\n")
    return home


def _owner_of(home: Path) -> str | None:
    try:
        return (home / _NAME_TAG).read_text().strip()
    except OSError:
        return None


def _remove_orphans(run: RunFolder) -> None:
    """Data outside that was this folder's before the folder was deleted and made again."""
    for base in hosting.private_bases():
        for home in base.glob(f"{_OUTSIDE_PREFIX}*"):
            with suppress(OSError):
                if hosting.is_ours(home) and _owner_of(home) == str(run.path):
                    remove(home)
