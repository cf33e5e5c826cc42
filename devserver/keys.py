"""Passwords and keys of this clone, made at the first start and kept in a file that only its owner may read."""

import base64
import json
import os
import secrets
from pathlib import Path

_MAKERS = {
    "owner_password": lambda: secrets.token_hex(24),
    "serving_password": lambda: secrets.token_hex(24),
    "secret_key": lambda: secrets.token_urlsafe(50),
    "cron_secret": lambda: secrets.token_urlsafe(32),
    "field_encryption_key": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
}


def make() -> dict[str, str]:
    """Fresh ones."""
    return {name: maker() for name, maker in _MAKERS.items()}


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
