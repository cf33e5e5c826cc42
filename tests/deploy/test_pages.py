"""The pages for operators: every alert is explained, every link leads somewhere, every setting exists."""

import re
from pathlib import Path

import pytest

from health.models import OperatorAlert
from jobs.probes import CHECKS
from proofs.deployment.files import ROOT, documented_commands, example_env

PAGES = ("operating.md", "deployment.md", "backup.md", "operations.md", "upgrading.md")
LINK = re.compile(r"\[[^\]]+\]\(([^)#:]*)(?:#([^)]+))?\)")


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def anchors(text: str) -> set[str]:
    """Of the headings, as they are made for links."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("kind", OperatorAlert.Kind.values)
def test_every_alert_of_the_installation_is_explained(kind: str) -> None:
    [section] = [text for text in re.split(r"^### ", page("operations.md"), flags=re.MULTILINE) if f"`{kind}`:" in text]
    assert "*Lost:*" in section
    assert "1. " in section


def test_every_check_of_readyz_is_explained() -> None:
    section = page("operations.md").split("## `/readyz`")[1].split("\n## ")[0]
    assert [name for name in CHECKS if f"| `{name}`" not in section] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    astray = []
    for target, anchor in LINK.findall(page(name)):
        there = Path(target or name)
        text = page(str(there)) if (ROOT / "docs" / there).is_file() else None
        if text is None or (anchor and anchor not in anchors(text)):
            astray.append((target, anchor))
    assert astray == []


def test_every_setting_of_the_example_is_read() -> None:
    settings = "".join(path.read_text() for path in (ROOT / "config" / "settings").glob("*.py"))
    assert [name for name in example_env("example.env") if f'"{name}"' not in settings] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_is_named_exists(name: str) -> None:
    files = re.findall(r"\b((?:deploy|requirements|docs)/[\w./-]+\w)(?![\w*])", page(name))
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_a_dump_is_taken_the_same_way_by_hand_and_by_night() -> None:
    [by_hand] = documented_commands("backup.md", "Dump")
    nightly = (ROOT / "deploy" / "systemd" / "mainstay-backup.service").read_text()
    options = {option.partition("=")[0] for option in by_hand.split()[1:]}
    [command] = re.findall(r"^ExecStart=/usr/bin/pg_dump (.+)$", nightly, re.MULTILINE)
    assert {option.partition("=")[0] for option in command.split()} == options
