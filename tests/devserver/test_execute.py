import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devserver import hosting, processes
from devserver.clone import ROOT
from tests.devserver.starting import bare_environment, devserver, devserver_command


def test_a_command_gets_servers_and_its_exit_code_is_passed_on() -> None:
    script = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']); print(os.environ['REDIS_URL']); exit(7)"
    done = devserver("exec", "--", "python", "-c", script)
    assert done.returncode == 7
    assert done.stdout.startswith("redis://:")


def test_nothing_remains_of_a_command_that_is_stopped() -> None:
    with waiting_command() as running:
        folder = folder_of(running)
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 128 + signal.SIGTERM
        assert not folder.exists()


def test_servers_are_removed_by_the_next_command_once_their_holder_is_dead() -> None:
    with waiting_command() as running:
        folder = folder_of(running)
        data = folder / "postgres" / "data"
        assert devserver("exec", "--", "true").returncode == 0
        assert processes.strays("postgres", data) != []
        running.kill()
        running.wait()
        assert devserver("exec", "--", "true").returncode == 0
        assert processes.strays("postgres", data) == []
        assert not folder.exists()


def test_a_command_is_needed() -> None:
    assert devserver("exec").returncode == 2


@contextmanager
def waiting_command() -> Iterator[subprocess.Popen[str]]:
    """A command with servers around it that says when it runs, and then does nothing."""
    running = subprocess.Popen(
        devserver_command("exec", "--", "python", "-c", "import time; print('runs', flush=True); time.sleep(60)"),
        cwd=ROOT,
        env=bare_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "runs\n"
            yield running
        finally:
            running.terminate()


def folder_of(holder: subprocess.Popen[str]) -> Path:
    locks = [lock for base in hosting.private_bases() for lock in base.glob("mainstay-scratch-*/lock")]
    return next(lock.parent for lock in locks if lock.exists() and lock.read_text() == f"{holder.pid}\n")
