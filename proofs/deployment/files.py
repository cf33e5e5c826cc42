"""What Dockerfile, compose.yaml, the units and the pages say is to be run, read out of them word for word."""

import json
import re
import shlex
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "deploy" / "systemd"
INSTALLED_AT = "/opt/mainstay"
VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?:(:-|:\?)([^}]*))?\}")


def dockerfile() -> list[tuple[str, str]]:
    """Its instructions with their arguments, continued lines joined and comments left out."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def image_command() -> list[str]:
    [command] = [json.loads(rest) for word, rest in dockerfile() if word == "CMD"]
    return [str(part) for part in command]


def image_health_check() -> list[str]:
    [check] = [rest for word, rest in dockerfile() if word == "HEALTHCHECK"]
    return [str(part) for part in json.loads(check.partition("CMD ")[2])]


def compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """compose.yaml with its variables put in, as compose does; raises KeyError for one that is needed and missing."""

    def value(match: re.Match[str]) -> str:
        name, operator, default = match.groups()
        if name is None:
            return "$$"
        return variables.get(name) or default if operator == ":-" else variables[name]

    parsed: dict[str, Any] = yaml.safe_load(VARIABLE.sub(value, (ROOT / "compose.yaml").read_text()))
    return parsed


def unit(name: str) -> dict[str, list[str]]:
    """A unit's settings, each with all its values, continued lines joined."""
    settings: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text().replace("\\\n", " ").splitlines():
        setting, equals, value = line.partition("=")
        if equals and not line.startswith(("#", "[")):
            settings.setdefault(setting, []).append(value)
    return settings


def unit_commands(name: str, *, installed_at: str, environment: Mapping[str, str]) -> list[list[str]]:
    """Its ExecStart lines, for an installation in another folder, with the unit's variables put in."""
    known = dict(pair.split("=", 1) for line in unit(name).get("Environment", []) for pair in shlex.split(line))
    known |= environment
    commands = [shlex.split(line.replace(INSTALLED_AT, installed_at)) for line in unit(name)["ExecStart"]]
    return [[VARIABLE.sub(lambda match: known[match[1]], part) for part in command] for command in commands]


def example_env(name: str) -> dict[str, str]:
    """The lines of an example that are not commented out."""
    lines = (ROOT / "deploy" / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def documented_commands(page: str, heading: str) -> list[str]:
    """The console lines below a heading of a page, as a person would type them."""
    text = (ROOT / "docs" / page).read_text()
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^ *\$ (.+)$", section, re.MULTILINE)


def is_in_image(name: str) -> bool:
    """Whether .dockerignore lets a file of the repository through: the last pattern that fits decides."""
    is_in = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").strip("/")
        if pattern and not line.startswith("#") and _fits(name, pattern):
            is_in = line.startswith("!")
    return is_in


def _fits(name: str, pattern: str) -> bool:
    """Whether a pattern names the file or a folder that it lies in."""
    path = PurePosixPath(name)
    if pattern.startswith("**/"):
        return any(fnmatchcase(part, pattern.removeprefix("**/")) for part in path.parts)
    return any(
        fnmatchcase(str(part), pattern) for part in (path, *path.parents) if "/" in pattern or "/" not in str(part)
    )
