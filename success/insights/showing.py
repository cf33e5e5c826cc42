"""What a client is shown."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Client
from success.models import Insight

# The newest week first, and in it what matters most.
ORDER = ("-period_end", "-priority", "kind")


def shown_insights(client: Client, *, as_of: datetime) -> QuerySet[Insight]:
    """In their order."""
    return shown_insights_of(client.organization_id, as_of=as_of).filter(client=client).order_by(*ORDER)


def shown_insights_of(organization_id: int, *, as_of: datetime) -> QuerySet[Insight]:
    """Neither dismissed nor expired; of all clients, in no order."""
    return Insight.objects.filter(organization=organization_id, dismissed_at=None, expires_at__gt=as_of)
