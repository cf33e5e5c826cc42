"""How many requests a sender may make: a bucket of tokens each, kept in this process."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

MOST_BUCKETS = 10_000


class RateLimit:
    """`per_second` tokens flow into each bucket, which holds `burst`. Safe to share between threads."""

    def __init__(self, *, per_second: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second, self.burst, self.clock = per_second, burst, clock
        self.buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self.lock = Lock()

    def wait_seconds(self, sender: Hashable) -> int:
        """Take a token; 0, or the whole seconds until there will be one."""
        with self.lock:
            now = self.clock()
            tokens, since = self.buckets.pop(sender, (self.burst, now))
            tokens = min(self.burst, tokens + (now - since) * self.per_second)
            left = tokens - 1 if tokens >= 1 else tokens
            self.buckets[sender] = (left, now)
            if len(self.buckets) > MOST_BUCKETS:
                self.buckets.popitem(last=False)
        return 0 if tokens >= 1 else max(1, math.ceil((1 - tokens) / self.per_second))
