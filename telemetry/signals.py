"""What telemetry tells the apps above it, after commit. Receivers only queue work."""

from django.dispatch import Signal

# organization_id: int, client_ids: list[int] of those with something new.
events_recorded = Signal()
