from accounts.rate_limits import MOST_BUCKETS, RateLimit


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_let_through_and_then_one_at_a_time() -> None:
    clock = Clock()
    limit = RateLimit(per_second=0.5, burst=2, clock=clock)
    assert [limit.wait_seconds("a") for _ in range(3)] == [0, 0, 2]
    clock.now += 1
    assert limit.wait_seconds("a") == 1
    clock.now += 1
    assert [limit.wait_seconds("a") for _ in range(2)] == [0, 2]


def test_each_sender_has_its_own() -> None:
    limit = RateLimit(per_second=1, burst=1, clock=Clock())
    assert [limit.wait_seconds(sender) for sender in "abab"] == [0, 0, 1, 1]


def test_a_bucket_never_holds_more_than_a_burst() -> None:
    clock = Clock()
    limit = RateLimit(per_second=1, burst=1, clock=clock)
    limit.wait_seconds("a")
    clock.now += 1_000
    assert [limit.wait_seconds("a") for _ in range(2)] == [0, 1]


def test_senders_that_were_not_seen_for_long_are_forgotten() -> None:
    limit = RateLimit(per_second=1, burst=1, clock=Clock())
    for sender in range(MOST_BUCKETS + 5):
        limit.wait_seconds(sender)
    assert len(limit.buckets) == MOST_BUCKETS
