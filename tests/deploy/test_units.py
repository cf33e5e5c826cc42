"""The systemd units: read by systemd itself where it is installed, and compared with the image and compose."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from proofs.deployment.files import INSTALLED_AT, UNITS, compose, image_command, unit, unit_commands
from tests.deploy.test_compose import PASSWORDS

SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
LASTING = ("mainstay-web.service", "mainstay-worker.service", "mainstay-beat.service")
SANDBOX = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelModules": "yes",
    "MemoryDenyWriteExecute": "yes",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")
each_service = pytest.mark.parametrize("name", SERVICES)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as they would lie on this machine: their programs are ours."""
    for path in UNITS.iterdir():
        here = path.read_text().replace(f"{INSTALLED_AT}/.venv", sys.prefix).replace("/usr/bin/pg_dump", "/bin/true")
        (tmp_path / path.name).write_text(here)
    return tmp_path


@needs_systemd
@pytest.mark.slow
def test_systemd_finds_nothing_wrong(installed: Path) -> None:
    units = [str(path) for path in sorted(installed.iterdir())]
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    about_ours = [line for line in verified.stderr.splitlines() if "mainstay" in line]
    assert (verified.returncode, about_ours) == (0, [])


@each_service
def test_nothing_of_the_machine_is_open_to_a_service(name: str) -> None:
    settings = unit(name)
    assert {key: settings.get(key, [None])[-1] for key in SANDBOX} == SANDBOX
    assert settings["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert {"MemoryMax", "TasksMax"} <= set(settings)
    assert settings["User"][0] not in {"root", ""}


def test_who_reads_which_secrets() -> None:
    files = {name: [Path(file).name for file in unit(name)["EnvironmentFile"]] for name in SERVICES}
    assert files == {
        "mainstay-backup.service": ["backup.env"],
        "mainstay-migrate.service": ["mainstay.env", "owner.env"],
        **{name: ["mainstay.env"] for name in LASTING},
    }


def commands(name: str) -> list[list[str]]:
    return [[Path(program).name, *rest] for program, *rest in unit_commands(name, installed_at="", environment={})]


def test_the_commands_are_those_of_the_image_and_of_compose() -> None:
    services = compose(PASSWORDS)["services"]
    web = [part.replace("0.0.0.0", "127.0.0.1") for part in image_command()]  # noqa: S104
    assert commands("mainstay-web.service") == [web]
    assert commands("mainstay-worker.service") == [services["worker"]["command"]]
    assert [part for part in commands("mainstay-beat.service")[0] if part != "--pidfile="] == [
        part for part in services["beat"]["command"] if part not in {"--pidfile", ""}
    ]
    steps = [" ".join(command) for command in commands("mainstay-migrate.service")]
    assert " && ".join(steps) == services["migrate"]["command"][-1]


@pytest.mark.parametrize("name", LASTING)
def test_what_serves_comes_back_and_belongs_together(name: str) -> None:
    settings = unit(name)
    assert (settings["Restart"], settings["PartOf"], settings["WantedBy"]) == (
        ["always"], ["mainstay.target"], ["mainstay.target"],
    )  # fmt: skip
    assert name in unit("mainstay.target")["Wants"][0].split()


def test_work_in_hand_is_waited_for(settings: Any) -> None:
    worker = unit("mainstay-worker.service")
    assert int(worker["TimeoutStopSec"][0]) > settings.CELERY_TASK_TIME_LIMIT
    # To all at once the signal would end the children in the midst of their work.
    assert worker["KillMode"] == ["mixed"]
