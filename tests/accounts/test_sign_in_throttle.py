from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import override_settings

from accounts.sign_in_throttle import Attempt, count_attempt, forget_attempts, wait_after

NOW = datetime(2026, 1, 14, 9, 30, tzinfo=UTC)
UNREACHABLE = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1",
        "OPTIONS": {"socket_connect_timeout": 0.2},
    }
}


@pytest.fixture
def ada() -> Attempt:
    """From an address that has not failed before: the failures are in the cache, which the tests share."""
    return Attempt("Ada", str(uuid4()))


def waits(attempt: Attempt, times: int, *, at: datetime = NOW) -> list[int]:
    return [count_attempt(attempt, at=at) for _ in range(times)]


def test_five_attempts_are_free_and_the_sixth_waits(ada: Attempt) -> None:
    assert waits(ada, 6) == [0, 0, 0, 0, 0, 31]


def test_the_wait_doubles_up_to_an_hour() -> None:
    assert [wait_after(failures) for failures in (4, 5, 6, 7, 11, 12, 1000)] == [0, 30, 60, 120, 1920, 3600, 3600]


def test_after_the_wait_one_attempt_is_let_through_and_the_next_waits_longer(ada: Attempt) -> None:
    waits(ada, 5)
    later = NOW + timedelta(seconds=30)
    assert waits(ada, 2, at=later) == [0, 61]


def test_names_are_counted_without_case_and_apart_from_each_other_and_other_addresses(ada: Attempt) -> None:
    waits(ada, 5)
    assert count_attempt(Attempt(" ada ", ada.address), at=NOW) > 0
    assert count_attempt(Attempt("grace", ada.address), at=NOW) == 0
    assert count_attempt(Attempt("Ada", "elsewhere" + ada.address), at=NOW) == 0


def test_a_right_password_forgets_the_failures(ada: Attempt) -> None:
    waits(ada, 5)
    forget_attempts(ada)
    assert waits(ada, 5) == [0, 0, 0, 0, 0]


@override_settings(CACHES=UNREACHABLE)
def test_without_the_cache_the_process_counts_by_itself(ada: Attempt) -> None:
    assert waits(ada, 6) == [0, 0, 0, 0, 0, 31]
    forget_attempts(ada)
    assert count_attempt(ada, at=NOW) == 0
