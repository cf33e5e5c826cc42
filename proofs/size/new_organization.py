"""An organization that the statistics do not know yet: with eight times the clients each of its jobs, batches and pages
takes not much more than eight times as long. Where one row is expected, everything is compared with everything."""

import json
import subprocess
import sys

from proofs.installation import installation

KNOWN, SMALL, LARGE = 1_000, 2_000, 16_000
# What is quadratic takes 64 times as long. Below, the time is that of beginning.
TOLERATED = 2.0 * LARGE / SMALL
SHORTEST_SECONDS = 1.0
PATIENCE_SECONDS = 240
WORK = """
import django, json; django.setup()
from proofs.size.each_step import new_to_the_statistics
print(json.dumps(new_to_the_statistics({known}, sizes=({small}, {large}))))
"""


def prove() -> bool:
    """Print what each step took, and how many are not linear."""
    work = WORK.format(known=KNOWN, small=SMALL, large=LARGE)
    with installation(DJANGO_SETTINGS_MODULE="benchmarks.settings") as ours:
        try:
            done = subprocess.run(
                [sys.executable, "-c", work],
                env=ours.environment, check=True, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            print(f"new_organization: not done after {PATIENCE_SECONDS} s")
            return False
    small, large = json.loads(done.stdout.splitlines()[-1])
    wrong = [step for step in large if large[step] > max(SHORTEST_SECONDS, TOLERATED * small[step])]
    for step in sorted(large, key=lambda step: -large[step]):
        print(f"new_organization: {step}: {small[step]:.2f} s and {large[step]:.2f} s{' NOT LINEAR' * (step in wrong)}")
    print(f"new_organization: {SMALL:,} and {LARGE:,} clients, {len(large)} steps, {len(wrong)} not linear")
    return not wrong
