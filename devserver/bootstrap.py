"""Makes the virtual environment `.venv` and installs the locked dependencies: `python3 devserver/bootstrap.py`.

Runs before anything is installed, on whatever Python a machine offers, and therefore keeps to the standard library and
to syntax that old versions read. Done again only when the lock or the Python changes; an installation that was
interrupted is recognised and made anew.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK_FILE = ROOT / "requirements" / "dev.txt"
# Written last. What else it could depend on lies inside the environment and goes with it.
STAMP = VENV / "installed"
UNFINISHED = VENV / "unfinished"
RUN = ROOT / ".run"
SETUP_LOG = RUN / "logs" / "setup.log"
OLDEST, NEWEST = (3, 11), (3, 13)


def main() -> None:
    python = suitable_python()
    SETUP_LOG.parent.mkdir(parents=True, exist_ok=True)
    RUN.chmod(0o711)
    with (RUN / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if STAMP.exists() and STAMP.read_text() == fingerprint() and works():
            return
        if UNFINISHED.exists() or was_moved() or not works():
            say("Making the virtual environment .venv …")
            make_environment(python)
        install()


def was_moved() -> bool:
    """The programs inside name their interpreter by its full path, so an environment does not survive a move."""
    return STAMP.exists() and STAMP.read_text().splitlines()[-1:] != [str(VENV)]


def suitable_python() -> str:
    """The path of a supported Python: this one if possible."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        # Version managers put a program of that name on the PATH even where it only explains that it is missing.
        if found and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return found
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    sys.exit(
        f"Mainstay needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}. `python3` here is {here}, and none was found on the "
        "PATH. Install one, or name it: make run PYTHON=/path/to/python3.12"
    )


def works() -> bool:
    """Whether the environment's own Python runs and is supported; one whose Python was removed does not."""
    check = f"import sys, pip; sys.exit(not {OLDEST!r} <= sys.version_info[:2] <= {NEWEST!r})"
    try:
        return quiet([python_inside(), "-c", check]) == 0
    except OSError:
        return False


def make_environment(python: str) -> None:
    if made_by_any_way(python) or (add_venv_module(python) and made_by_any_way(python)):
        return
    if VENV.exists():
        sys.exit("The folder .venv cannot be replaced. Does it belong to another user?")
    sys.exit(
        f"No virtual environment could be made with {python}: its modules venv and ensurepip are missing. On Debian "
        f"and Ubuntu: apt install python3-venv. Elsewhere: install the package virtualenv. {SETUP_LOG} tells more."
    )


def made_by_any_way(python: str) -> bool:
    ways = [
        [[python, "-m", "venv", str(VENV)]],
        [[python, "-m", "virtualenv", "--quiet", str(VENV)]],
        [["virtualenv", "--quiet", "-p", python, str(VENV)]],
        [
            [python, "-m", "venv", "--without-pip", str(VENV)],
            [python, "-m", "pip", "--python", python_inside(), "install", "--quiet", "pip"],
        ],
    ]
    for way in ways:
        shutil.rmtree(str(VENV), ignore_errors=True)
        with contextlib.suppress(OSError):
            if all(quiet(command) == 0 for command in way) and works():
                return True
    shutil.rmtree(str(VENV), ignore_errors=True)
    return False


def add_venv_module(python: str) -> bool:
    """Debian keeps these modules in a package of their own, which root can add."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say("Adding Debian's package of Python's venv module …")
    asking = "import sys; print(f'python{sys.version_info[0]}.{sys.version_info[1]}-venv')"
    package = subprocess.check_output([python, "-c", asking], universal_newlines=True).strip()
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    command = ["apt-get", "install", "-y", "--no-install-recommends", package]
    return quiet(command, environment) == 0 or (
        quiet(["apt-get", "update"], environment) == 0 and quiet(command, environment) == 0
    )


def install() -> None:
    say("Installing the locked dependencies (a minute or two) …")
    with contextlib.suppress(FileNotFoundError):
        STAMP.unlink()
    UNFINISHED.touch()
    # The lock names every package there is, so nothing has to be resolved.
    command = [python_inside(), "-m", "pip", "install", "--no-deps", "--require-hashes", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "-r", str(LOCK_FILE)]
    if quiet(command) != 0:
        say(f"The dependencies could not be installed. The end of {SETUP_LOG}:")
        sys.exit("\n".join(SETUP_LOG.read_text(errors="replace").splitlines()[-15:]))
    UNFINISHED.unlink()
    STAMP.write_text(fingerprint())


def fingerprint() -> str:
    return f"{hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()}\n{VENV}\n"


def python_inside() -> str:
    return str(VENV / "bin" / "python")


def quiet(command: "Sequence[str]", environment: "Mapping[str, str] | None" = None) -> int:
    """Run with its output in the log; returns the exit code."""
    with SETUP_LOG.open("ab") as log:
        return subprocess.call(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=str(ROOT)
        )


def say(line: str) -> None:
    print(line)
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except PermissionError as error:
        sys.exit(f"{error.filename} cannot be written: this clone was set up by another user. Use a clone of your own.")
    except KeyboardInterrupt:
        sys.exit(130)
