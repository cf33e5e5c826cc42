"""`.run/credentials.json`: what a person or a program needs to use a running demo."""

import json
from pathlib import Path
from typing import Any

from devserver import UnableToStartError
from devserver.keys import write_private

_ORGANIZATION_KEYS = ("slug", "timezone", "write_key", "secret_key", "staff_login", "client_login")
_FEWEST_ORGANIZATIONS = 2


def complete(file: Path, *, base_url: str, cron_secret: str) -> dict[str, Any]:
    """Check what seeding wrote and put in what only the starter knows: the address may change with each start."""
    try:
        credentials = dict(json.loads(file.read_text()))
    except (OSError, ValueError) as error:
        raise UnableToStartError(f"Seeding left no readable {file}: {error}") from error
    missing = _missing(credentials)
    if missing:
        raise UnableToStartError(f"Seeding left {file} without: {', '.join(missing)}")
    credentials |= {"base_url": base_url, "cron_secret": cron_secret}
    write_private(file, json.dumps(credentials, indent=2) + "\n")
    return credentials


def summary(credentials: dict[str, Any]) -> str:
    """The addresses, logins and keys as a table for the terminal."""
    base_url = credentials["base_url"]
    lines = [
        f"Mainstay runs at {base_url}",
        "",
        f"  Admin        {base_url}/admin/",
        f"  Dashboard    {base_url}/client/dashboard/success",
        f"  API          {base_url}/api/docs/",
        f"  Operator     {_login(credentials['admin'])}",
        f"  Cron secret  {credentials['cron_secret']}",
    ]
    for organization in credentials["organizations"]:
        lines += [
            "",
            f"  {organization['slug']} ({organization['timezone']}), simulated data",
            f"    Staff       {_login(organization['staff_login'])}",
            f"    Client      {_login(organization['client_login'])}",
            f"    Write key   {organization['write_key']}",
            f"    Secret key  {organization['secret_key']}",
        ]
    return "\n".join(lines)


def _login(login: dict[str, str]) -> str:
    return f"{login['username']}  {login['password']}"


def _missing(credentials: dict[str, Any]) -> list[str]:
    organizations = credentials.get("organizations") or []
    missing = [f"admin.{key}" for key in ("username", "password") if not credentials.get("admin", {}).get(key)]
    for number, organization in enumerate(organizations):
        missing += [f"organizations[{number}].{key}" for key in _ORGANIZATION_KEYS if not organization.get(key)]
    if len(organizations) < _FEWEST_ORGANIZATIONS:
        missing.append("a second organization")
    return missing
