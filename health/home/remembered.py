"""Figures that are worth remembering for some minutes, with or without a cache."""

import logging
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
T = TypeVar("T")


def remembered(key: str, *, seconds: int, read: Callable[[], T]) -> T:
    """What `read` returned at most so many seconds ago. Without the cache it is read each time."""
    try:
        known: T | None = cache.get(key)
    except (RedisError, OSError) as error:
        logger.warning("home_without_cache", extra={"error": type(error).__name__})
        return read()
    if known is None:
        known = read()
        try:
            cache.set(key, known, seconds)
        except (RedisError, OSError) as error:
            logger.warning("home_without_cache", extra={"error": type(error).__name__})
    return known
