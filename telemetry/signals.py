"""What telemetry tells the apps above it."""

from django.dispatch import Signal

# After commit. organization_id: int, client_ids: list[int] of those with something new. Receivers only queue work.
events_recorded = Signal()

# In the transaction that merges. organization_id: int, merged: dict[int, int] from each former client to the one
# that is left. Receivers move what they keep of the former client.
clients_merged = Signal()
