"""60 days of 500 random clients, checked every hour by the product and by the tests' oracle: the same alerts.

And scores that hover around a level for a month open few.
"""

import subprocess
import sys

from proofs.installation import installation

HISTORY = "500x60"
HOVERING = "28"
TESTS = ["tests/health/test_checking_oracle.py", "tests/health/test_rules_scores.py"]


def prove() -> bool:
    """True when every alert has the same kind, severity, times and reason, and few were opened."""
    with installation(DJANGO_SETTINGS_MODULE="config.settings.test", HISTORY=HISTORY, HOVERING=HOVERING) as ours:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", *TESTS, "-k", "alerts_are_those or scores_that_hover"],
            env=ours.environment,
            check=False,
            capture_output=True,
            text=True,
        )
    print(f"health_history: {HISTORY} clients and days: {ended.stdout.strip().splitlines()[-1]}")
    return ended.returncode == 0
