"""How many requests a secret key, or a signed-in person, may make."""

from functools import cache
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.models import ApiKey
from accounts.rate_limits import RateLimit


@cache
def requests() -> RateLimit:
    return RateLimit(per_second=settings.API_REQUESTS_PER_SECOND, burst=settings.API_REQUESTS_BURST)


class SenderThrottle(BaseThrottle):
    """Each key and each person for itself; who proved to be nobody has been refused before."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        sender = request.auth if isinstance(request.auth, ApiKey) else request.user
        if sender is None or sender.pk is None:
            return True
        self.seconds = requests().wait_seconds((type(sender).__name__, sender.pk))
        return self.seconds == 0

    def wait(self) -> float:
        return self.seconds
