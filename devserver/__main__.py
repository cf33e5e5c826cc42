"""The commands: `python -m devserver --help`."""

import argparse
import shutil
import sys
from pathlib import Path

from devserver import UnableToStartError
from devserver.clone import RUN
from devserver.lock import hold, is_held


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m devserver", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    commands.add_parser("run", help="everything with demo data, until Ctrl-C")
    commands.add_parser("databases", help="only PostgreSQL and Valkey, on the data of `run`, until Ctrl-C")
    commands.add_parser("env", help="export lines for a shell, while `run` or `databases` runs")
    commands.add_parser("clean", help="stop what was left running and delete the data, keys and logs of `run`")

    commands.add_parser("test", help="all tests, on servers that are thrown away; after -- arguments for pytest")

    execute = commands.add_parser("exec", help="run the command after -- with throw-away servers around it")
    execute.add_argument("--durable", action="store_true", help="settings of data that counts, for measuring")

    pair = commands.add_parser("services", help="PostgreSQL and Valkey that survive the calling shell")
    pair.add_argument("action", choices=("start", "stop"))
    pair.add_argument("--dir", type=Path, required=True, help="where they keep their files; DIR/env gets export lines")
    pair.add_argument("--durable", action="store_true", help="settings of data that counts, for measuring")

    ours, line = _split(arguments)
    options = parser.parse_args(ours)
    if options.command == "exec" and not line:
        parser.error("exec needs a command after --")
    try:
        return _dispatch(options, line)
    except UnableToStartError as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 1


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our arguments, and those after the first `--`, which belong to somebody else."""
    if "--" not in arguments:
        return arguments, []
    cut = arguments.index("--")
    return arguments[:cut], arguments[cut + 1 :]


def _dispatch(options: argparse.Namespace, line: list[str]) -> int:
    # Imported one by one: cleaning has to work without the packages that running needs.
    if options.command in {"run", "databases"}:
        from devserver import run

        return run.run() if options.command == "run" else run.databases()
    if options.command == "test":
        from devserver.test import test

        return test(line)
    if options.command == "exec":
        from devserver.execute import execute

        return execute(line, lasting=options.durable)
    if options.command == "services":
        return _services(options)
    return _print_environment() if options.command == "env" else _clean()


def _services(options: argparse.Namespace) -> int:
    from devserver import detached

    if options.action == "stop":
        detached.stop(options.dir)
    else:
        print(detached.export_lines(detached.start(options.dir, lasting=options.durable)), end="")
    return 0


def _print_environment() -> int:
    if not (is_held(RUN) and RUN.environment.exists()):
        raise UnableToStartError(
            "Nothing runs in this clone: start `make run` or `python -m devserver databases` first."
        )
    print(RUN.environment.read_text(), end="")
    return 0


def _clean() -> int:
    from devserver import homes, leftovers

    if RUN.path.exists():
        with hold(RUN):
            leftovers.end(RUN)
            homes.discard(RUN)
            shutil.rmtree(RUN.path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
