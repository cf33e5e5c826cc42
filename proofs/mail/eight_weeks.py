"""Beat alone, with a simulated clock, runs eight weeks of the chain: each week every client who then wants the weekly
mail gets one, nobody else gets any, and the ledger counts who did not and why."""

import json
import sys
from collections import Counter

from proofs.installation import installation

PATIENCE_SECONDS = 1_800
WEEKS = 8
EACH = 6
CLOCK = "import django; django.setup(); from proofs.mail.eight_weeks_clock import run; run()"

# Which weeks' mail a client of each sort gets, and why not in the others. Weeks count from 0; what happens, happens on
# the Thursday after the third mail.
SORTS: dict[str, tuple[set[int], str]] = {
    "weekly": (set(range(WEEKS)), ""),
    "every other week": ({0, 2, 4, 6}, "frequency"),
    "every four weeks": ({0, 4}, "frequency"),
    "never asked": (set(), "not_asked"),
    "no address": (set(), "no_address"),
    "unsubscribes": ({0, 1, 2}, "unsubscribed"),
    "bounces": ({0, 1, 2}, "stopped_address"),
    "agrees": (set(range(3, WEEKS)), "not_asked"),
}
ORGANIZATIONS = {"berlin": "Europe/Berlin", "los-angeles": "America/Los_Angeles", "auckland": "Pacific/Auckland"}


def expected_mails() -> list[list[str]]:
    """The clients who get a mail, of each week."""
    return [
        sorted(
            f"{organization}.{sort.replace(' ', '-')}.{number}@example.org"
            for organization in ORGANIZATIONS
            for sort, (weeks, _) in SORTS.items()
            for number in range(EACH)
            if week in weeks
        )
        for week in range(WEEKS)
    ]


def expected_skips() -> list[dict[str, int]]:
    """How many did not get one, by reason, of each week."""
    skips: list[Counter[str]] = [Counter() for _ in range(WEEKS)]
    for weeks, reason in SORTS.values():
        for week in set(range(WEEKS)) - weeks:
            skips[week][reason] += EACH * len(ORGANIZATIONS)
    return [dict(week) for week in skips]


def prove() -> bool:
    """Print the figures; True when mails and reasons of all weeks are those that were expected."""
    with installation(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend") as ours:
        clock = ours.start(sys.executable, "-c", CLOCK, log="clock.log")
        end = clock.wait(PATIENCE_SECONDS)
        log = (ours.logs / "clock.log").read_text()
    if end:
        print(f"eight_weeks: the clock stopped with {end}.\n{log[-2_000:]}")
        return False
    told = json.loads(log.splitlines()[-1])
    mails = [sorted(week) for week in told["mails"]]
    skips = told["skips"]
    doubled = sum(len(week) - len(set(week)) for week in mails)
    print(
        f"eight_weeks: Beat woke {told['wakes']:,} times in {WEEKS} weeks;"
        f" mails {[len(week) for week in mails]}, {doubled} doubled;"
        f" not sent {[sum(week.values()) for week in skips]}; {told['others']} mails to others;"
        f" runs of the mail job: {told['runs']}"
    )
    return (
        mails == expected_mails()
        and skips == expected_skips()
        and told["others"] == 0
        and told["runs"] == ["succeeded"] * WEEKS
    )
