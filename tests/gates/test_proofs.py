"""A proof that nobody can name is never run again."""

import re
from pathlib import Path

from proofs.__main__ import PROOFS, SHORT

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"(?:make prove ARGS=|-m proofs )\"?(?:--short )?([a-z_]+)")


def proving(function: str) -> set[str]:
    """The modules that define it."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "proofs").rglob("*.py")
        if f"\ndef {function}() -> bool:" in path.read_text()
    }


def test_every_proof_has_a_name() -> None:
    assert proving("prove") == set(PROOFS.values())


def test_every_short_proof_has_a_name() -> None:
    assert proving("prove_short") == {PROOFS[name] for name in SHORT}


def test_every_proof_that_the_pages_name_is_there() -> None:
    pages = [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
    ]
    named = {name for page in pages for name in NAMED.findall(page.read_text())}

    assert named
    assert named <= set(PROOFS)
