"""Nobody sees another organization's rows: with any filter left out of the code, with errors on shared connections.

And what would undo that in the database is noticed by the gates.
"""

import subprocess
import sys

from proofs.installation import Installation, installation

SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
OTHERS = ("policies", "requests")
SWITCHING = "from proofs.isolation.unfiltered import switch_filters; switch_filters(); "
PROGRAM = "import django, sys; django.setup(); from proofs.isolation.{} import work; sys.exit(0 if work({}) else 1)"
ONE_OF = 10
FEW_REQUESTS = 500


def prove() -> bool:
    """Print the figures; True when all of it held."""
    outcomes = []
    for program in (SWITCHING + PROGRAM.format("mutants", ""), *(PROGRAM.format(each, "") for each in OTHERS)):
        # Each begins with an empty database.
        with installation(**SETTINGS) as ours:
            outcomes.append(_run(ours, program))
    return all(outcomes)


def prove_short() -> bool:
    """Samples, one after another in one database."""
    few = {"mutants": ONE_OF, "policies": ONE_OF, "requests": FEW_REQUESTS}
    programs = [PROGRAM.format(name, number) for name, number in few.items()]
    with installation(**SETTINGS) as ours:
        outcomes = [_run(ours, program) for program in (SWITCHING + programs[0], *programs[1:])]
    return all(outcomes)


def _run(ours: Installation, program: str) -> bool:
    return subprocess.run([sys.executable, "-c", program], env=ours.environment, check=False).returncode == 0
