"""The address of the admin's list of the events behind a count."""

from datetime import date

from django.urls import reverse
from django.utils.http import urlencode

CLIENT, FIRST, LAST, TYPES, NAME = "client", "from", "to", "type", "name"


def count_address(
    client_id: int, *, first: date | None, last: date, types: tuple[str, ...] = (), name: str = ""
) -> str:
    """The list of events that `telemetry.counted` gives for the same, in the admin."""
    days = {FIRST: first.isoformat() if first else "", LAST: last.isoformat()}
    values = {CLIENT: str(client_id), **days, TYPES: ",".join(types), NAME: name}
    query = urlencode({key: value for key, value in values.items() if value})
    return f"{reverse('admin:telemetry_event_changelist')}?{query}"
