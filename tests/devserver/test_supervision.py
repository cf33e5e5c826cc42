import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devserver import UnableToStartError, leftovers, processes, supervision
from devserver.clone import RunFolder
from devserver.supervision import Service

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def services() -> Iterator[list[Service]]:
    services: list[Service] = []
    yield services
    supervision.stop_all(services, together=len(services))


def service(script: str, log: Path) -> Service:
    # Not `spawn`: tying a process to its parent is for programs without threads, which a test run is not.
    return Service("web", log, lambda: subprocess.Popen([sys.executable, "-c", script], start_new_session=True))


def test_a_service_that_died_is_started_again_after_a_pause(services: list[Service], tmp_path: Path) -> None:
    watched = service(SLEEP, tmp_path / "log")
    said: list[str] = []
    services.append(watched)
    watched.start()
    first = watched.process
    assert first is not None
    first.kill()
    first.wait()
    began = time.monotonic()
    while not watched.keep_alive(said.append):
        time.sleep(0.01)
    assert time.monotonic() - began >= 1
    assert watched.process is not None
    assert watched.process.pid != first.pid
    assert said == [f"web ended with code -9 and is started again in 1 s ({tmp_path / 'log'})."]


def test_a_service_that_keeps_dying_is_given_up_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "_LONGEST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(supervision, "_LOOK_SECONDS", 0.01)
    log = tmp_path / "log"
    log.write_text("cannot import settings")
    dying = service("", log)
    dying.start()
    with pytest.raises(UnableToStartError, match="cannot import settings"):
        supervision.watch([dying], lambda _line: None, lambda: None)


def test_stopping_takes_children_along(services: list[Service], tmp_path: Path) -> None:
    script = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); {SLEEP}"
    parent = service(script, tmp_path / "log")
    parent.start()
    assert parent.process is not None
    leader = parent.process.pid
    parent.stop()
    _wait_for_end_of_group(leader)
    assert not processes.group_lives(leader)


def test_what_a_killed_run_left_is_ended_by_the_next(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run").create()
    left = service(SLEEP, tmp_path / "log")
    left.start()
    leftovers.note(run, [left])
    assert leftovers.end(run) == 1
    assert left.process is not None
    assert left.process.wait(5) == -15
    assert leftovers.end(run) == 0


def test_a_process_that_only_has_the_same_number_is_spared(services: list[Service], tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run").create()
    stranger = service(SLEEP, tmp_path / "log")
    services.append(stranger)
    stranger.start()
    leftovers.note(run, [stranger])
    noted = run.path / "pids.json"
    assert stranger.process is not None
    started = processes.started_at(stranger.process.pid)
    assert started is not None
    noted.write_text(noted.read_text().replace(started, f"{started}0"))
    assert leftovers.end(run) == 0
    assert stranger.process.poll() is None


def _wait_for_end_of_group(leader: int) -> None:
    deadline = time.monotonic() + 5
    while processes.group_lives(leader) and time.monotonic() < deadline:
        time.sleep(0.01)
