"""Whether a bounce says that an address is no good, or only that a mail did not get through this time.

Providers agree on no word for it, and anymail passes theirs on as they are.
"""

import re
from collections.abc import Iterator
from typing import Any

# Where providers say what kind of a bounce it is, spelled without case, dashes and underscores.
SAYS_KIND = {"type", "event", "bouncetype", "recordtype", "status", "severity"}
PASSING = ("soft", "transient", "temporary", "undetermined", "block")
# SparkPost's classes: invalid recipient, no such address, unsubscribed.
PERMANENT_CLASSES = {"10", "30", "90"}
ENHANCED_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
DEEPEST = 4


def is_permanent(*, told: Any, response: str) -> bool:
    """`told` is the provider's event as it came, `response` what the receiving server said.

    A full mailbox, a refusal for policy or reputation, and what a provider calls soft are no word about the address.
    """
    for key, value in _facts(told, DEEPEST):
        if key in SAYS_KIND and any(word in value.lower() for word in PASSING):
            return False
        if key == "bounceclass" and value not in PERMANENT_CLASSES:
            return False
        if key == "hardbounce" and value == "False":
            return False
    status = ENHANCED_STATUS.search(response)
    return status is None or (status[1] == "5" and status[2] != "7" and status.groups() != ("5", "2", "2"))


def _facts(told: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(told, list) and depth:
        for item in told:
            yield from _facts(item, depth - 1)
    elif isinstance(told, dict) and depth:
        for key, value in told.items():
            if isinstance(value, dict | list):
                yield from _facts(value, depth - 1)
            else:
                yield re.sub(r"[^a-z]", "", str(key).lower()), str(value)
