"""The locked requirements: every package pinned, by hashes, from nowhere in particular."""

import re

import pytest

from proofs.deployment.files import ROOT

LOCKS = ("base.txt", "dev.txt")
PINNED = re.compile(r"^([a-z0-9][a-z0-9.-]*)(\[[a-z,-]+\])?==([^\s;\\]+)(?: ;.+?)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")

each_lock = pytest.mark.parametrize("name", LOCKS)


def lines(name: str) -> list[str]:
    return [
        line for line in (ROOT / "requirements" / name).read_text().splitlines() if not line.strip().startswith("#")
    ]


def pinned(name: str) -> dict[str, str]:
    return {match[1]: match[3] for match in map(PINNED.match, lines(name)) if match}


@each_lock
def test_a_lock_holds_pinned_packages_and_hashes_only(name: str) -> None:
    assert [line for line in lines(name) if not PINNED.match(line) and not HASH.match(line)] == []


@each_lock
def test_every_package_has_its_hashes(name: str) -> None:
    text = lines(name)
    lacking = [
        line for line, after in zip(text, [*text[1:], ""], strict=True) if PINNED.match(line) and not HASH.match(after)
    ]
    assert (lacking, len(pinned(name)) > 30) == ([], True)


def test_what_production_runs_is_what_the_tests_run() -> None:
    assert pinned("base.txt").items() <= pinned("dev.txt").items()


def test_everything_that_is_asked_for_is_locked() -> None:
    asked = [line for line in (ROOT / "requirements" / "base.in").read_text().splitlines() if line and line[0] != "#"]
    names = {re.split(r"[\[<>=]", line)[0] for line in asked}
    assert names - set(pinned("base.txt")) == set()
