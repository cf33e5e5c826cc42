"""The release to upgrade from: an earlier state of this history, laid out in a folder of its own.

`UPGRADE_FROM` names it: a tag or commit. Else it is the newest release tag before what is checked out, and where there
is none the last commit before clients were mailed, after which twelve migrations follow.
"""

import io
import os
import subprocess
import tarfile
from pathlib import Path

FIRST_OF_CLIENTS_MAIL = "emails/migrations/0003_consent_contacts_and_activity.py"
TAGS = ("tag", "--merged", "HEAD", "--no-contains", "HEAD", "--sort=-version:refname", "--list", "v*")


class NoFormerReleaseError(Exception):
    """The history at hand does not reach back to a release."""


def former_release() -> str:
    """Its tag or commit."""
    name = os.environ.get("UPGRADE_FROM") or (git(*TAGS).split() or [before(FIRST_OF_CLIENTS_MAIL)])[0]
    if not git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"):
        raise NoFormerReleaseError(f"{name} is not in this clone, which may be a shallow one: git fetch --unshallow")
    return name


def before(path: str) -> str:
    """The last commit without this file."""
    added = git("log", "--diff-filter=A", "--format=%H", "-1", "--", path).strip()
    return git("rev-parse", "--short", f"{added}^").strip() or f"the commit before {path}"


def lay_out(release: str, folder: Path) -> Path:
    made = subprocess.run(["git", "archive", release], check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def changed_requirements(folder: Path) -> list[str]:
    """The packages that this release pins otherwise than we do. The proof runs both with ours."""
    then, now = (packages(each / "requirements" / "base.txt") for each in (folder, Path.cwd()))
    return sorted(then ^ now)


def packages(lock: Path) -> set[str]:
    return {line.split()[0] for line in lock.read_text().splitlines() if "==" in line and not line.startswith("#")}


def git(*arguments: str) -> str:
    """What it prints; nothing where it fails."""
    return subprocess.run(["git", *arguments], check=False, capture_output=True, text=True).stdout
