"""What a client is shown."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Client
from success.models import Insight


def shown_insights(client: Client, *, as_of: datetime) -> QuerySet[Insight]:
    """Neither dismissed nor expired; the newest week first, and in it what matters most."""
    return Insight.objects.filter(
        organization=client.organization_id, client=client, dismissed_at=None, expires_at__gt=as_of
    ).order_by("-period_end", "-priority", "kind")
