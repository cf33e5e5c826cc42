"""60 days of 500 random clients, checked every hour by the product and by the tests' oracle: the same alerts."""

import subprocess
import sys

from proofs.installation import installation

HISTORY = "500x60"


def prove() -> bool:
    """True when every alert has the same kind, severity, times and reason, with and without business days."""
    with installation(DJANGO_SETTINGS_MODULE="config.settings.test", HISTORY=HISTORY) as ours:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "tests/health/test_checking_oracle.py", "-k", "alerts_are_those"],
            env=ours.environment,
            check=False,
            capture_output=True,
            text=True,
        )
    print(f"health_history: {HISTORY} clients and days: {ended.stdout.strip().splitlines()[-1]}")
    return ended.returncode == 0
