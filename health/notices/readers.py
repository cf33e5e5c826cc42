"""Which members hear of alerts, and how they want to."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import Membership
from health.models import Alert, NoticePreference


@dataclass(frozen=True, slots=True)
class Reader:
    """A member with an address that can be written to."""

    user_id: int
    address: str
    preference: NoticePreference

    def cares_for(self, alert: Alert) -> bool:
        return not self.preference.only_own or alert.owner_id in (None, self.user_id)

    def of_interest(self, alerts: Iterable[Alert]) -> list[Alert]:
        return [alert for alert in alerts if self.cares_for(alert)]


def readers_of(organization_id: int) -> list[Reader]:
    """Needs the organization's scope. Members who said nothing get what an unsaved preference says."""
    said = {each.user_id: each for each in NoticePreference.objects.filter(organization=organization_id)}
    members = (
        Membership.objects.filter(organization=organization_id, user__is_active=True)
        .order_by("user_id")
        .values_list("user_id", "user__email")
    )
    return [
        Reader(user_id, address, said.get(user_id) or NoticePreference(user_id=user_id))
        for user_id, address in members
        if _is_address(address)
    ]


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
