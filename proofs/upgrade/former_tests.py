"""The former release's code on the new schema, as its own tests see it: those of every application pass there.

`UPGRADE_FROM` says which release that is, see `releases`. Without its gates, which judge the schema itself.
"""

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from proofs.installation import Installation, installation
from proofs.upgrade.releases import NoFormerReleaseError, former_release, lay_out

# Its tests copy a database of this name, and migrate one themselves only where there is none.
TEMPLATE = "from tests.database import _template; print(_template())"


def prove() -> bool:
    """Print what its tests said; True when all passed."""
    try:
        release = former_release()
    except NoFormerReleaseError as reason:
        print(f"former_tests: not tried, {reason}")
        return False
    with tempfile.TemporaryDirectory() as folder:
        code = lay_out(release, Path(folder))
        tests = [f"tests/{each.parent.name}" for each in sorted(code.glob("*/apps.py"))]
        with installation(code, DJANGO_SETTINGS_MODULE="config.settings.test") as former:
            migrate_template(former)
            print(f"former_tests: {' '.join(tests)} of {release} on the schema of what is here", flush=True)
            return is_passed(former, tests)


def migrate_template(former: Installation) -> None:
    """With our migrations, under the name that its tests give theirs."""
    name = former.manage("shell", "--no-imports", "--command", TEMPLATE).strip()
    owner = former.environment["DATABASE_OWNER_URL"]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template1")
    urls = {key: urlsplit(former.environment[key]) for key in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    environment = former.environment | {key: url._replace(path=f"/{name}").geturl() for key, url in urls.items()}
    replace(former, code=Path.cwd(), environment=environment).manage("migrate", "--verbosity", "0")


def is_passed(former: Installation, tests: list[str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-n", "2", "--no-header", "-p", "no:cacheprovider", *tests]
    run = subprocess.run(command, cwd=former.code, env=former.environment, check=False, capture_output=True, text=True)
    print("\n".join(run.stdout.splitlines()[-30:]))
    return run.returncode == 0
