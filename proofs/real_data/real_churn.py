"""The backtest on the CDNOW purchase log: who bought nothing in the next 26 weeks, told by score and by silence.

Two questions, for a shop has no day on which a customer leaves. The fair one is asked of one week, the newest that has
26 weeks after it: which of those who had bought in the 26 weeks before it buy nothing in the 26 weeks from it on? The
other one is what a shop would do by routine: mark a customer once 26 weeks have passed without a purchase, and ask
every weekly score for marks within 30, 60 and 90 days. There silence knows part of the answer by definition.
"""

import csv
import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from proofs.installation import Installation, installation
from proofs.real_data.real_data import FIRST, IMPORT, LAST, expected_score, log_file, read_purchases

HALF_YEAR = timedelta(days=182)
LOG_ENDS_ON = date(1998, 7, 1)
# 26 weeks from here on end with the log's last whole week.
WEEK = LAST - HALF_YEAR
Purchases = dict[str, list[date]]


def prove() -> bool:
    """Print what `manage.py backtest` says of both; True when both areas equal plain Python's."""
    purchases = read_purchases(log_file())
    with installation() as ours:
        ours.manage("create_organization", "cdnow", "--timezone", "America/New_York")
        ours.manage("import_events", str(log_file()), *IMPORT)
        ours.manage("score", "--organization", "cdnow", "--period-end", str(FIRST), "--through", str(LAST))
        mark(ours, {who: day for who, days in purchases.items() if (day := left_for_half_a_year(days))})
        fair = ("--horizon", str(HALF_YEAR.days), "--since", str(WEEK), "--as-of", str(LAST))
        print(judge(ours, *fair))
        holds = is_as_expected(json.loads(judge(ours, *fair, "--json")), purchases)
        mark(ours, {who: day for who, days in purchases.items() if (day := half_a_year_silent(days))}, anew=True)
        print(judge(ours, "--as-of", str(LOG_ENDS_ON)))
    return holds


def left_for_half_a_year(days: Sequence[date]) -> date | None:
    """The week itself for who bought before it and not in 26 weeks from it on; earlier for who was gone before."""
    before = [day for day in days if day < WEEK]
    if not before:
        return None
    if max(before) < WEEK - HALF_YEAR:
        return max(before) + HALF_YEAR
    return None if any(WEEK <= day < LAST for day in days) else WEEK


def half_a_year_silent(days: Sequence[date]) -> date | None:
    """The first day on which 26 weeks had passed since a purchase without another one."""
    for bought, again in pairwise([*sorted(set(days)), LOG_ENDS_ON]):
        if again - bought >= HALF_YEAR:
            return bought + HALF_YEAR
    return None


def mark(ours: Installation, left: dict[str, date], *, anew: bool = False) -> None:
    if anew:
        ours.change("DELETE FROM success_churn")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "churn.csv"
        with file.open("w", newline="") as text:
            csv.writer(text).writerows([("client", "churned_on"), *left.items()])
        print(f"{len(left):,} marks: {ours.manage('import_churn', str(file), '--organization', 'cdnow').strip()}")


def judge(ours: Installation, *arguments: str) -> str:
    return ours.manage("backtest", "--organization", "cdnow", *arguments)


def is_as_expected(told: dict[str, Any], purchases: Purchases) -> bool:
    """Both areas over the one week, from scores that plain Python makes and by ranks (Mann & Whitney 1947)."""
    [figures] = told["horizons"]
    active = [days for days in purchases.values() if any(WEEK - HALF_YEAR <= day < WEEK for day in days)]
    churned = [days for days in active if not any(WEEK <= day < LAST for day in days)]
    retained = [days for days in active if any(WEEK <= day < LAST for day in days)]
    rankings: dict[str, Callable[[list[date]], int]] = {
        "score": lambda days: -expected_score([day for day in days if day < WEEK], WEEK)[0],
        "recency": lambda days: (WEEK - max(day for day in days if day < WEEK)).days,
    }
    expected = {key: area([risk(d) for d in churned], [risk(d) for d in retained]) for key, risk in rankings.items()}
    print(f"Plain Python: {len(churned):,} of {len(active):,} left; areas {expected}.")
    return (figures["size"]["observations"], figures["size"]["churned"]) == (len(active), len(churned)) and all(
        abs(figures["areas"][key]["area"] - value) < 1e-9 for key, value in expected.items()
    )


def area(churned: Sequence[int], retained: Sequence[int]) -> float:
    everybody = sorted([*churned, *retained])
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for rank, value in enumerate(everybody, start=1):
        first.setdefault(value, rank)
        last[value] = rank
    ranks = sum((first[value] + last[value]) / 2 for value in churned)
    return (ranks - len(churned) * (len(churned) + 1) / 2) / (len(churned) * len(retained))
