"""The commands of Dockerfile, compose.yaml and the units, word for word: they start, do their work, and stop."""

import base64
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devserver import ports, processes
from proofs.deployment import files as deploy_files
from proofs.deployment.production import HOST, Production, answers, application_settings, production

PATIENCE_SECONDS = 100
SERVICES = ("web", "worker", "beat")
UNITS = ("mainstay-web.service", "mainstay-worker.service", "mainstay-beat.service")


@dataclass(frozen=True)
class Place:
    """A folder with what the image gets, and what its processes are started with."""

    ours: Production
    folder: Path
    port: int

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> processes.Process:
        there = [str(self.port) if part == "8000" else part.replace("0.0.0.0", "127.0.0.1") for part in command]  # noqa: S104
        return self.ours.start(there, log=f"{name}.log", environment=environment, cwd=self.folder)

    def log(self, name: str) -> str:
        return (self.ours.folder / f"{name}.log").read_text()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def prove() -> bool:
    with production() as ours:
        for command in deploy_files.documented_commands("deployment.md", "Roles and database"):
            ours.shell(command)
            # Once more: that is how passwords are changed.
            ours.shell(command)
        folder = ours.folder / "app"
        copy_context(folder)
        place = Place(ours, folder, ports.choose(None))
        run_build_step(place)
        commands, environments = service_commands(ours), service_environments(ours)
        run_to_the_end(place, commands["migrate"], environments["migrate"])
        by_compose = is_at_work(place, "compose", {name: commands[name] for name in SERVICES}, environments)
        by_systemd = is_at_work(place, "systemd", unit_commands(place), dict.fromkeys(UNITS, environments["web"]))
    print(f"deployed: with compose {by_compose}; with systemd {by_systemd}")
    return all((*by_compose.values(), *by_systemd.values()))


def is_at_work(
    place: Place, way: str, commands: Mapping[str, list[str]], environments: Mapping[str, Mapping[str, str]]
) -> dict[str, bool]:
    """Start all three, see that they do their work, and stop them; what held."""
    running = {name: place.start(f"{way}-{name}", command, environments[name]) for name, command in commands.items()}
    web, worker, beat = running
    try:
        held = {"ready": wait(lambda: answers(place.url("/readyz")) == 200)}
        held |= is_served(place, environments[web], slug=way)
        held["clock and worker"] = wait(
            lambda: "emails.deliver_all" in place.log(f"{way}-{beat}") and "succeeded" in place.log(f"{way}-{worker}")
        )
        held["all live"] = all(process.poll() is None for process in running.values())
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        held["all stop by themselves"] = [process.wait(30) for process in running.values()] == [0, 0, 0]
    finally:
        for process in running.values():
            processes.stop(process)
    return held


def is_served(place: Place, environment: Mapping[str, str], *, slug: str) -> dict[str, bool]:
    """What a first visitor, the health check and a first sender get."""
    check = [part.replace(":8000", f":{place.port}") for part in deploy_files.image_health_check()]
    printed = run_to_the_end(place, ["python", "manage.py", "create_organization", slug, "--json"], environment)
    write_key = json.loads(printed)["write_key"]
    sheet = json.loads((place.folder / "staticfiles" / "staticfiles.json").read_text())["paths"]["client/tokens.css"]
    return {
        "health check": subprocess.run(check, env=environment, check=False).returncode == 0,
        "sign-in page": answers(place.url("/admin/login/")) == 200,
        "static files": answers(place.url(f"/static/{sheet}")) == 200,
        "event accepted": send_event(place, write_key)["accepted"] == 1,
    }


def send_event(place: Place, write_key: str) -> dict[str, int]:
    login = base64.b64encode(f"{write_key}:".encode()).decode()
    body = {"batch": [{"type": "track", "userId": "u-1", "event": "login", "messageId": secrets.token_hex(8)}]}
    request = urllib.request.Request(  # noqa: S310
        place.url("/v1/batch"),
        json.dumps(body).encode(),
        {"Authorization": f"Basic {login}", "X-Forwarded-Proto": "https", "Host": HOST},
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        answer: dict[str, int] = json.load(response)
    return answer


def copy_context(folder: Path) -> None:
    """What .dockerignore lets through of what lies here, as a build would take it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=deploy_files.ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        source, target = deploy_files.ROOT / name, folder / name
        if deploy_files.is_in_image(name) and source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)


def run_build_step(place: Place) -> None:
    """The Dockerfile's line that collects the static files."""
    [line] = [rest for word, rest in deploy_files.dockerfile() if word == "RUN" and "collectstatic" in rest]
    command = line.partition("&&")[0].replace("/opt/venv/bin/python", sys.executable)
    subprocess.run(["/bin/sh", "-c", command], env={"PATH": os.environ["PATH"]}, cwd=place.folder, check=True)


def run_to_the_end(place: Place, command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=environment, cwd=place.folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
    done.check_returncode()
    return done.stdout


def service_commands(ours: Production) -> dict[str, list[str]]:
    """Of each service that runs our image; the image's own where it names none."""
    ours_only = {name: service for name, service in compose_services(ours).items() if "env_file" in service}
    return {name: service.get("command", deploy_files.image_command()) for name, service in ours_only.items()}


def compose_services(ours: Production) -> dict[str, dict[str, Any]]:
    passwords = {name: each for name, each in ours.environment.items() if name.endswith("_PASSWORD")}
    others = dict.fromkeys(("POSTGRES_PASSWORD", "VALKEY_PASSWORD"), "unused")
    services: dict[str, dict[str, Any]] = deploy_files.compose(passwords | others)["services"]
    return services


def service_environments(ours: Production) -> dict[str, dict[str, str]]:
    """Of each service: its own, that of its file, that of the image, and nothing else."""
    of_file = application_settings()
    environments = {}
    for name in service_commands(ours):
        own = compose_services(ours)[name]["environment"]
        there = {key: value.replace("@postgres:5432", f"@{ours.postgres_address}") for key, value in own.items()}
        environments[name] = {
            **of_file,
            **there,
            "REDIS_URL": ours.redis_url,
            "PATH": ours.environment["PATH"],
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
        }
    return environments


def unit_commands(place: Place) -> dict[str, list[str]]:
    """The one command of each unit that goes on."""
    return {name: deploy_files.unit_commands(name, installed_at=str(place.folder), environment={})[0] for name in UNITS}


def wait(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True
