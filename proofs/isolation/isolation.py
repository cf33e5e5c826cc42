"""Nobody sees another organization's rows: with any filter left out of the code, with errors on shared connections.

And what would undo that in the database is noticed by the gates.
"""

import subprocess
import sys

from proofs.installation import Installation, installation

SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
MUTANTS = """
from proofs.isolation.unfiltered import switch_filters
switch_filters()
import django, sys
django.setup()
from proofs.isolation.mutants import work
sys.exit(0 if work() else 1)
"""
OTHERS = "import django, sys; django.setup(); from proofs.isolation.{module} import work; sys.exit(0 if work() else 1)"


def prove() -> bool:
    """Print the figures; True when all of it held."""
    parts = (MUTANTS, OTHERS.format(module="policies"), OTHERS.format(module="requests"))
    outcomes = [_held(part) for part in parts]
    return all(outcomes)


def _held(program: str) -> bool:
    """Each begins with an empty database."""
    with installation(**SETTINGS) as ours:
        return _run(ours, program)


def _run(ours: Installation, program: str) -> bool:
    return subprocess.run([sys.executable, "-c", program], env=ours.environment, check=False).returncode == 0
