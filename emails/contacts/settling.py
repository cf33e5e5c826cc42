"""What becomes of planned contacts before they are sent."""

from collections.abc import Sequence
from datetime import datetime

from emails.models import Contact


def refuse_contacts(contact_ids: Sequence[int], *, reason: Contact.Reason, at: datetime) -> int:
    """These planned contacts, of which no mail was queued, do not go: returns how many. Needs the scope.

    Their place in the week's budget is free again.
    """
    planned = Contact.objects.filter(pk__in=contact_ids, status=Contact.Status.PLANNED)
    return planned.update(status=Contact.Status.SKIPPED, reason=reason, settled_at=at)
