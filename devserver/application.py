"""The application's own programs: set-up commands, the web server, the worker and the clock."""

import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from devserver import UnableToStartError, processes
from devserver.clone import ROOT, RunFolder
from devserver.supervision import Service

_WEB = ("granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "16", "--respawn-failed-workers")
_WORKER = ("celery", "-A", "config", "worker", "--concurrency", "2", "--loglevel", "INFO", "--without-mingle")
_BEAT = ("celery", "-A", "config", "beat", "--scheduler", "django_celery_beat.schedulers:DatabaseScheduler")

# Less than what a person waits before pressing Ctrl-C again; the work of a killed worker is taken up again.
_STOP_SECONDS = 10
_WEB_START_SECONDS = 60


def manage(run: RunFolder, env: Mapping[str, str], *arguments: str) -> None:
    """Run one management command; its output goes to a log that is shown when it fails."""
    log = run.log(arguments[0])
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    code = processes.wait_for_end(processes.spawn(command, log=log, env=env, cwd=ROOT))
    if code != 0:
        end = processes.tail(log)
        raise UnableToStartError(f"`manage.py {arguments[0]}` ended with code {code}. The end of {log}:\n{end}")


def web(run: RunFolder, env: Mapping[str, str], *, host: str, port: int) -> Service:
    """The web server, not started yet."""
    address = ("--host", host, "--port", str(port), "--workers-kill-timeout", "5")
    return _service("web", run, env, *_WEB, *address, "config.wsgi:application")


def worker(run: RunFolder, env: Mapping[str, str]) -> Service:
    """The Celery worker, not started yet."""
    return _service("worker", run, env, *_WORKER)


def beat(run: RunFolder, env: Mapping[str, str]) -> Service:
    """The clock, not started yet."""
    # The database keeps the schedule; a pid file would only be in the way after a kill.
    return _service("beat", run, env, *_BEAT, "--pidfile", "", "--loglevel", "INFO")


def wait_for_web(service: Service, base_url: str) -> None:
    """Wait until the web server answers; explain with its log when it does not."""
    process = service.process
    if process is not None:
        processes.wait_for_start(process, lambda: _answers(f"{base_url}/healthz"), seconds=_WEB_START_SECONDS)
    if process is None or process.poll() is not None:
        end = processes.tail(service.log)
        raise UnableToStartError(f"The web server does not answer at {base_url}. The end of {service.log}:\n{end}")


def _service(name: str, run: RunFolder, env: Mapping[str, str], *module: str) -> Service:
    log = run.log(name)

    def launch() -> processes.Process:
        return processes.spawn([sys.executable, "-m", *module], log=log, env=env, cwd=ROOT)

    return Service(name, log, launch, stop_seconds=_STOP_SECONDS)


def _answers(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def relative(path: Path) -> Path:
    """A path as a person in the clone's folder would type it."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
