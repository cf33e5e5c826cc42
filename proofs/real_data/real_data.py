"""The CDNOW purchase log through import_events and 78 weekly runs, each score compared with plain Python.

69,659 dated purchases of 23,570 customers, January 1997 to June 1998; the file comes with the package `lifetimes`.
"""

import importlib.util
import time
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

from proofs.installation import Installation, installation

FIRST, LAST = date(1997, 1, 6), date(1998, 6, 29)
IMPORT = (
    "--organization", "cdnow", "--format", "whitespace", "--map", "customer_id=clientId", "--map", "date=occurredAt",
    "--map", "number_of_cds=quantity", "--map", "dollar_value=value", "--date-format", "%Y%m%d",
    "--name", "Purchase", "--event-name-map", "Purchase=task_completed",
)  # fmt: skip

Result = tuple[int, int]


def log_file() -> Path:
    spec = importlib.util.find_spec("lifetimes")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The package lifetimes is not installed.")
    return Path(spec.origin).parent / "datasets" / "CDNOW_master.txt"


def prove() -> bool:
    """Print the figures; True when every stored score is the expected one and none is missing or too many."""
    purchases = read_purchases(log_file())
    with installation() as ours:
        ours.manage("create_organization", "cdnow", "--timezone", "America/New_York")
        seconds = {
            "import": timed(ours, "import_events", str(log_file()), *IMPORT),
            "scores": timed(
                ours, "score", "--organization", "cdnow", "--period-end", str(FIRST), "--through", str(LAST)
            ),
            "import again": timed(ours, "import_events", str(log_file()), *IMPORT, "--again"),
        }
        stored = {
            (str(client), str(period_end)): (overall, coverage)
            for client, period_end, overall, coverage in ours.ask(
                "SELECT c.external_id, s.period_end, s.overall, s.coverage FROM success_score s"
                " JOIN accounts_client c ON c.id = s.client_id"
            )
        }
        events, clients = ours.ask("SELECT count(*), count(DISTINCT client_id) FROM telemetry_event")[0]
        differences = ours.manage("rebuild_activity", "--check")
    expected = expected_scores(purchases)
    wrong = sum(stored.get(key) != result for key, result in expected.items())
    print(
        f"real_data: {events:,} events of {clients:,} customers; {len(stored):,} scores, {len(expected):,} expected, "
        f"{wrong} differ. Seconds: {seconds}. {differences.strip()}"
    )
    return not wrong and stored.keys() == expected.keys()


def timed(ours: Installation, *arguments: str) -> float:
    started = time.monotonic()
    ours.manage(*arguments)
    return round(time.monotonic() - started, 1)


def read_purchases(path: Path) -> dict[str, list[date]]:
    purchases = defaultdict(list)
    for line in path.read_text().splitlines()[1:]:
        customer, day, *_ = line.split()
        purchases[customer].append(datetime.strptime(day, "%Y%m%d").date())  # noqa: DTZ007 - a date
    return purchases


def expected_scores(purchases: dict[str, list[date]]) -> dict[tuple[str, str], Result]:
    """Overall and coverage of every customer and week since the first purchase, from docs/scoring.md alone."""
    weeks = [FIRST + timedelta(days=days) for days in range(0, (LAST - FIRST).days + 1, 7)]
    return {
        (customer, str(week)): expected_score(days, week)
        for customer, days in purchases.items()
        for week in weeks
        if min(days) < week
    }


def expected_score(days: list[date], period_end: date) -> Result:
    """Purchases are task_completed. There are no tasks, contents or answers: two or three components are measured."""
    month = [day for day in days if period_end - timedelta(30) <= day < period_end]
    now = sum(day >= period_end - timedelta(7) for day in month)
    before = sum(period_end - timedelta(14) <= day for day in month) - now
    engagement = (
        40 * Fraction(min(len(set(month)), 20), 20)
        + 30 * Fraction(min(len(month), 100), 100)
        + 30 * Fraction(min(len(month), 20), 20)
    )
    measured = [(25, rounded(engagement, 2)), (25, Fraction(0))]
    if (period_end - min(days)).days >= 14 and not 1 <= now + before <= 4:
        movement = Fraction(50 * (now - before), max(now, before, 1))
        measured.append((15, rounded(50 + movement, 2) if now + before else Fraction(0)))
    coverage = sum(weight for weight, _ in measured)
    return int(rounded(sum((weight * value for weight, value in measured), Fraction(0)) / coverage, 0)), coverage


def rounded(value: Fraction, places: int) -> Fraction:
    """Half up."""
    shifted = value * 10**places
    whole = (Decimal(shifted.numerator) / Decimal(shifted.denominator)).quantize(Decimal(1), ROUND_HALF_UP)
    return Fraction(int(whole), 10**places)
