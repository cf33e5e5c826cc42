"""Each proof prints what it did and what it found; the exit code is 0 when all hold.

Without names it runs all of them, which takes hours; `--short` runs the small variants, which take minutes.
"""

import argparse
import sys
import time
from importlib import import_module

# Each has `prove()`; `prove_short()` is the small variant of those in SHORT. Both say whether all held.
PROOFS = {
    "lost_events": "proofs.faults.lost_events",
    "killed_workers": "proofs.faults.killed_workers",
    "api_schema": "proofs.bad_input.api_schema",
    "real_data": "proofs.real_data.real_data",
    "real_churn": "proofs.real_data.real_churn",
    "backtest_coverage": "proofs.real_data.backtest_coverage",
    "alert_races": "proofs.alerts.alert_races",
    "health_history": "proofs.alerts.health_history",
    "alert_notices": "proofs.alerts.alert_notices",
    "mail_delivery": "proofs.mail.mail_delivery",
    "eight_weeks": "proofs.mail.eight_weeks",
    "time_zones": "proofs.time_zones",
    "isolation": "proofs.isolation.isolation",
    "bad_input": "proofs.bad_input.bad_input",
    "deployed": "proofs.deployment.deployed",
    "restored_backup": "proofs.deployment.restored_backup",
    "upgrade": "proofs.upgrade.upgrade",
    "former_tests": "proofs.upgrade.former_tests",
    "saturation": "proofs.load.saturation",
    "soak": "proofs.load.soak",
    "faults": "proofs.faults.faults",
    "two_hosts": "proofs.hosts.two_hosts",
    "size": "proofs.size.size",
    "new_organization": "proofs.size.new_organization",
}
SHORT = ("faults", "bad_input", "isolation")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m proofs", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the small variants")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PROOFS)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(SHORT if arguments.short else PROOFS):
        parser.error(f"no such proof: {', '.join(sorted(unknown))}")
    names = arguments.names or (SHORT if arguments.short else PROOFS)
    failed = [name for name in names if not holds(name, is_short=arguments.short)]
    if failed:
        print(f"Did not hold: {', '.join(failed)}")
    return 1 if failed else 0


def holds(name: str, *, is_short: bool) -> bool:
    print(f"== {name}", flush=True)
    begun = time.monotonic()
    module = import_module(PROOFS[name])
    held: bool = module.prove_short() if is_short else module.prove()
    print(f"== {name}: {'holds' if held else 'does not hold'} ({time.monotonic() - begun:.0f} s)", flush=True)
    return held


if __name__ == "__main__":
    sys.exit(main())
