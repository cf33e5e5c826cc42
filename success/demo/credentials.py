"""The credentials file of a running demo: read to reuse what still works, written for people and programs."""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationCredentials:
    slug: str
    timezone: str
    write_key: str
    secret_key: str
    staff_login: Login
    client_login: Login


@dataclass(frozen=True, slots=True)
class Known:
    """What the file of an earlier run says; empty when there is none that can be read."""

    admin: dict[str, Any] = field(default_factory=dict)
    organizations: dict[str, dict[str, Any]] = field(default_factory=dict)

    def key(self, slug: str, kind: str) -> str:
        return str(self.organizations.get(slug, {}).get(f"{kind}_key", ""))

    def password(self, username: str) -> str:
        """The one that the file holds for this login, else a new one."""
        logins = [self.admin]
        for organization in self.organizations.values():
            logins += [organization.get("staff_login", {}), organization.get("client_login", {})]
        held = next((login.get("password") for login in logins if login.get("username") == username), None)
        return str(held or secrets.token_urlsafe(12))


def read_credentials(file: Path) -> Known:
    try:
        content = json.loads(file.read_text())
        return Known(content["admin"], {each["slug"]: each for each in content["organizations"]})
    except (OSError, ValueError, KeyError, TypeError):
        return Known()


def write_credentials(file: Path, content: dict[str, Any]) -> None:
    """Replace the file as a whole; only its owner may read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    nascent = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(nascent, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(content, stream, indent=2)
        stream.write("\n")
    nascent.replace(file)
