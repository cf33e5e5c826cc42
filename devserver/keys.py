"""Passwords and keys of this clone, made at the first start and kept in a file that only its owner may read."""

import json
import os
import secrets
from pathlib import Path

_NAMES = ("owner_password", "serving_password", "broker_password", "secret_key", "cron_secret")


def make() -> dict[str, str]:
    """Fresh ones; their characters need no quoting in URLs, SQL or a shell."""
    return {name: secrets.token_urlsafe(40) for name in _NAMES}


def load(file: Path) -> dict[str, str]:
    """The keys in the file; what is missing is made and stored."""
    keys = _read(file)
    made = make() | keys
    if made != keys:
        write_private(file, json.dumps(made, indent=2) + "\n")
    return made


def write_private(file: Path, text: str) -> None:
    """Replace a file as a whole; readable by its owner only."""
    nascent = file.with_name(file.name + ".new")
    nascent.unlink(missing_ok=True)
    descriptor = os.open(nascent, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    nascent.replace(file)


def _read(file: Path) -> dict[str, str]:
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError):
        return {}
