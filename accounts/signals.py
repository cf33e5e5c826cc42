"""What accounts tell the apps above them, beside Django's own signals of signing in."""

from django.dispatch import Signal

# A member of several organizations changed into one. request: HttpRequest, user: User, organization_id: int.
organization_chosen = Signal()
