"""Processes of their own: forked from one that has loaded Django, which takes an interpreter more than a second."""

import os
import sys
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

_context = get_context("forkserver")
_context.set_forkserver_preload(["tests.loaded"])


def start(program: str, *arguments: str, **environment: str) -> BaseProcess:
    """Run it as `python -c` would. The exit code of one that was killed is its signal's number, negative."""
    child = _context.Process(target=_run, args=[program, arguments, environment], daemon=True)
    child.start()
    return child


def run(program: str, *arguments: str, **environment: str) -> int:
    """Run it to its end; returns the exit code."""
    child = start(program, *arguments, **environment)
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def _run(program: str, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    os.environ.update(environment)
    sys.argv = ["-c", *arguments]
    exec(program, {"__name__": "__main__"})  # noqa: S102
