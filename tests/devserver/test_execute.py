import signal
import subprocess
from pathlib import Path

from devserver import hosting, processes
from devserver.clone import ROOT
from tests.devserver.starting import bare_environment, devserver, devserver_command


def scratch_folders() -> set[Path]:
    return {folder for base in hosting.private_bases() for folder in base.glob("mainstay-scratch-*")}


def test_a_command_gets_servers_and_its_exit_code_is_passed_on() -> None:
    script = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']); print(os.environ['REDIS_URL']); exit(7)"
    done = devserver("exec", "--", "python", "-c", script)
    assert done.returncode == 7
    assert done.stdout.startswith("redis://:")


def test_nothing_remains_of_a_command_that_is_stopped() -> None:
    folder, running = _running_command()
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 128 + signal.SIGTERM
    assert not folder.exists()


def test_servers_are_removed_by_the_next_command_once_their_holder_is_dead() -> None:
    folder, running = _running_command()
    assert devserver("exec", "--", "true").returncode == 0
    assert processes.strays("postgres", folder / "postgres" / "data") != []
    running.kill()
    running.wait()
    assert devserver("exec", "--", "true").returncode == 0
    assert processes.strays("postgres", folder / "postgres" / "data") == []
    assert not folder.exists()


def test_a_command_is_needed() -> None:
    assert devserver("exec").returncode == 2


def _running_command() -> tuple[Path, subprocess.Popen[str]]:
    """A command with servers around it that waits, and the folder of its servers."""
    script = "import os, time; print(os.getppid(), flush=True); time.sleep(60)"
    running = subprocess.Popen(
        devserver_command("exec", "--", "python", "-c", script),
        cwd=ROOT,
        env=bare_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    holder = int(running.stdout.readline())
    running.stdout.close()
    return next(folder for folder in scratch_folders() if _holder_of(folder) == holder), running


def _holder_of(folder: Path) -> int | None:
    try:
        return int((folder / "lock").read_text())
    except OSError:
        return None
