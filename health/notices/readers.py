"""Which members hear of alerts, and how they want to."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from accounts.models import Membership
from emails.models import Suppression
from health.models import NoticePreference


@dataclass(frozen=True, slots=True)
class Reader:
    """A member with an address that can be written to."""

    user_id: int
    address: str
    preference: NoticePreference


def readers_of(organization_id: int) -> list[Reader]:
    """Needs the organization's scope. Members who said nothing get what an unsaved preference says.

    Left out are those whose address bounced or who complained of mail.
    """
    said = {each.user_id: each for each in NoticePreference.objects.filter(organization=organization_id)}
    stopped = Suppression.objects.alias(written=Lower("address")).filter(
        organization=organization_id, lifted_at=None, written=Lower(OuterRef("user__email"))
    )
    members = (
        Membership.objects.filter(~Exists(stopped), organization=organization_id, user__is_active=True)
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
