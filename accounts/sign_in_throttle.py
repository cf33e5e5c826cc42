"""Repeated failures to sign in must wait, longer each time.

Counted per user name and address, so that guessing one password is slow and nobody can lock somebody
else out from afar. An attempt is counted before the password is looked at: a burst of parallel guesses
gains nothing.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

FREE_FAILURES = 5
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 3600
FORGOTTEN_AFTER_SECONDS = 24 * 3600

# Counts for this process alone while the shared cache cannot be reached: weaker, never a locked door.
_own_memory = LocMemCache("sign-in-throttle", {})


@dataclass(frozen=True)
class Attempt:
    """Somebody trying to sign in as `username` from `address`."""

    username: str
    address: str

    @property
    def key(self) -> str:
        # A digest: the cache holds no names or addresses.
        who = f"{self.username.strip().casefold()}\0{self.address}"
        return "sign-in:" + hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()


def count_attempt(attempt: Attempt, *, at: datetime) -> int:
    """Seconds to wait before the password will be looked at; 0 lets this attempt through and counts it."""
    try:
        return _count(cache, attempt.key, at=at.timestamp())
    except (RedisError, OSError) as error:
        logger.warning("sign_in_throttle_without_cache", extra={"error": type(error).__name__})
        return _count(_own_memory, attempt.key, at=at.timestamp())


def forget_attempts(attempt: Attempt) -> None:
    """The password was right."""
    keys = [attempt.key, f"{attempt.key}:until"]
    _own_memory.delete_many(keys)
    try:
        cache.delete_many(keys)
    except (RedisError, OSError) as error:
        logger.warning("sign_in_throttle_without_cache", extra={"error": type(error).__name__})


def wait_after(failures: int) -> int:
    """Seconds: 30 after the fifth failure, then double each time, an hour at most."""
    if failures < FREE_FAILURES:
        return 0
    doublings = min(failures - FREE_FAILURES, 20)
    return min(FIRST_WAIT_SECONDS << doublings, LONGEST_WAIT_SECONDS)


def _count(store: BaseCache, key: str, *, at: float) -> int:
    until = f"{key}:until"
    blocked_until: float = store.get(until, at)
    if blocked_until > at:
        return int(blocked_until - at) + 1
    store.add(key, 0, FORGOTTEN_AFTER_SECONDS)
    try:
        attempts: int = store.incr(key)
    except ValueError:  # it expired between the two
        attempts = 1
    if wait := wait_after(attempts):
        store.set(until, at + wait, wait)
    return 0
