"""What emails tell the apps above them."""

from django.dispatch import Signal

# A client changed on a page what mail it wants; not what programs, providers or staff say for it. In the transaction
# that changes it. client: Client, with its organization.
preferences_changed = Signal()
