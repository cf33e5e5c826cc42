"""`python -m proofs [NAME …]`: each proof prints what it did and what it found; the exit code is 0 when all hold."""

import importlib
import sys

PROOFS = (
    "lost_events",
    "killed_workers",
    "api_schema",
    "real_data",
    "real_churn",
    "alert_races",
    "health_history",
    "alert_notices",
    "mail_delivery",
    "eight_weeks",
    "time_zones",
    "isolation",
    "bad_input",
    "deployed",
    "restored_backup",
    "faults",
)


def main(names: list[str]) -> int:
    failed = [name for name in names or PROOFS if not importlib.import_module(f"proofs.{name}").prove()]
    if failed:
        print(f"Did not hold: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
