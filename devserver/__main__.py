"""The commands: `python -m devserver --help`."""

import argparse
import os
import sys
from pathlib import Path

from devserver import UnableToStart


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m devserver", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    execute = commands.add_parser("exec", help="run a command with throw-away PostgreSQL and Valkey around it")
    execute.add_argument("--durable", action="store_true", help="settings of data that counts, for measuring")
    execute.add_argument("line", nargs=argparse.REMAINDER, metavar="-- COMMAND")

    pair = commands.add_parser("services", help="PostgreSQL and Valkey that survive the calling shell")
    pair.add_argument("action", choices=("start", "stop"))
    pair.add_argument("--dir", type=Path, required=True, help="where they keep their files; DIR/env gets export lines")
    pair.add_argument("--durable", action="store_true", help="settings of data that counts, for measuring")

    options = parser.parse_args(arguments)
    try:
        return _dispatch(options, parser)
    except UnableToStart as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 1


def _dispatch(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if options.command == "exec":
        from devserver.execute import execute

        line = options.line[1:] if options.line[:1] == ["--"] else options.line
        if not line:
            parser.error("exec needs a command after --")
        return execute(line, lasting=options.durable)
    if options.command == "services":
        from devserver import detached

        if options.action == "stop":
            detached.stop(options.dir)
            return 0
        print(detached.export_lines(detached.start(options.dir, lasting=options.durable)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
