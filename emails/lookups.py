"""Asking the provider about mails in doubt, where it can be asked. Only reads: twice or killed, it does no harm."""

from datetime import datetime, timedelta

import structlog

from accounts.tenancy import all_organizations
from emails.lines import Line
from emails.models import OutboxEmail
from emails.states import mark_sent

logger = structlog.get_logger(__name__)

# What was just taken may take a while to be found; what is not found after a day never will be.
LOOKED_FOR = timedelta(days=1)
EVERY = timedelta(minutes=5)
MOST_AT_ONCE = 50


def look_up_doubtful(line: Line, *, now: datetime) -> int:
    """Settle uncertain mails that the provider knows; says how many. Those that it does not know stay uncertain."""
    look_up = line.capability.look_up
    doubtful = _doubtful(line.provider, now=now) if look_up else []
    found = 0
    try:
        for email in doubtful:
            line.open()
            provider_id = look_up(line.backend, email.uid) if look_up else None
            if provider_id:
                mark_sent(email, now=now, provider_id=provider_id)
                found += 1
    except Exception as error:  # noqa: BLE001 - whatever it is, delivery must go on; the next minute asks again
        logger.warning("mail_not_looked_up", error=type(error).__name__)
    return found


def _doubtful(provider: str, *, now: datetime) -> list[OutboxEmail]:
    """Those whose turn it is, which are then not asked about again for a while."""
    with all_organizations():
        uncertain = OutboxEmail.objects.filter(
            status=OutboxEmail.Status.UNCERTAIN,
            provider=provider,
            doubtful_since__gte=now - LOOKED_FOR,
            next_attempt_at__lte=now,
        )
        emails = list(uncertain.order_by("-id")[:MOST_AT_ONCE])
        OutboxEmail.objects.filter(pk__in=[email.pk for email in emails]).update(next_attempt_at=now + EVERY)
    return emails
