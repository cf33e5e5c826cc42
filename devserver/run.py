"""`make run`: everything, with demo data, until Ctrl-C."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from devserver import UnableToStartError, application, credentials, homes, keys, leftovers, ports, signals
from devserver.clone import RUN
from devserver.detached import export_lines
from devserver.lock import RunLock, hold
from devserver.services import Servers, environment, full_environment
from devserver.supervision import Service, stop_all, watch

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  (only where HOST asks for it)


def run() -> int:
    """Start everything and stay until stopped; returns the exit code."""
    signals.listen()
    with hold(RUN.create()) as lock:
        try:
            _run(lock)
        except signals.Interrupted:
            print("Stopped.", flush=True)
    return 0


def databases() -> int:
    """Only the servers of `make run`, on the same data, until stopped."""
    signals.listen()
    with hold(RUN.create()):
        try:
            _end_leftovers()
            with _servers() as (running, ours):
                keys.write_private(RUN.environment, export_lines(ours))
                _say('PostgreSQL and Valkey run. For a shell: eval "$(python -m devserver env)". Ctrl-C stops them.')
                watch(running, _say, lambda: None)
        except signals.Interrupted:
            print("Stopped.", flush=True)
    return 0


@contextmanager
def _servers() -> Iterator[tuple[list[Service], dict[str, str]]]:
    secrets = keys.load(RUN.secrets)
    given = bool(os.environ.get("DATABASE_URL")) + bool(os.environ.get("REDIS_URL"))
    _say(("Starting PostgreSQL and Valkey …", "Starting what is not given …", "Using the servers given …")[given])
    servers = Servers(homes.data_home(RUN), RUN.logs, lasting=True, memory=RUN)
    try:
        yield servers.running, environment(servers.start(secrets), secrets)
    finally:
        signals.ignore_from_now_on()
        servers.stop()
        RUN.environment.unlink(missing_ok=True)


def _end_leftovers() -> None:
    if leftovers.end(RUN):
        _say("Ended what a killed run had left running.")


def _run(lock: RunLock) -> None:
    # Before the port is chosen: a web server left running still holds the usual one.
    _end_leftovers()
    host, wanted = os.environ.get("HOST") or "127.0.0.1", _wanted_port()
    with ports.claim(wanted, host) as port, _servers() as (servers, ours):
        if port != wanted:
            _say(f"Port {wanted} is taken; using {port}.")
        base_url = _base_url(host, port)
        lock.tell(base_url)
        ours |= {"DJANGO_SETTINGS_MODULE": "config.settings.dev", "BASE_URL": base_url}
        keys.write_private(RUN.environment, export_lines(ours))
        env = full_environment(ours)
        programs: list[Service] = []
        try:
            _start(programs, env, host=host, port=port, base_url=base_url)
            watch([*servers, *programs], _say, lambda: leftovers.note(RUN, programs))
        except signals.Interrupted:
            _say("Stopping …")
            raise
        finally:
            signals.ignore_from_now_on()
            stop_all(programs, together=len(programs))
            leftovers.note(RUN, [])


def _start(programs: list[Service], env: dict[str, str], *, host: str, port: int, base_url: str) -> None:
    _say("Preparing the database …")
    application.manage(RUN, env, "migrate", "--database", "owner", "--no-input")
    application.manage(RUN, env, "sync_schedules")

    def start(service: Service) -> None:
        programs.append(service)
        service.start()
        leftovers.note(RUN, programs)

    start(application.web(RUN, env, host=host, port=port))
    application.wait_for_web(programs[0], base_url)
    # Demo events go in by the public way, hence after the web server; before the worker, so that no job runs on half
    # of them.
    _say("Preparing the demo organizations …")
    application.manage(RUN, env, "seed_demo", "--base-url", base_url, "--credentials", str(RUN.credentials))
    known = credentials.complete(RUN.credentials, base_url=base_url, cron_secret=env["CRON_SECRET"])
    start(application.worker(RUN, env))
    start(application.beat(RUN, env))
    print(f"\n{credentials.summary(known)}\n", flush=True)
    _say(f"All of this is in {application.relative(RUN.credentials)}, logs are in {application.relative(RUN.logs)}.")
    _say("Ctrl-C stops everything.")


def _wanted_port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not given.isdigit() or not 0 < int(given) < 65_536:
        raise UnableToStartError(f"PORT must be a number from 1 to 65535, not {given!r}.")
    return int(given)


def _base_url(host: str, port: int) -> str:
    reachable = _EVERY_ADDRESS.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _say(line: str) -> None:
    print(line, flush=True)
