"""What staff say of a client counts like what its application says: the later word wins."""

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from accounts.models import Client
from telemetry.models import ClientTrait

TRAIT_OF_FIELD = {"name": "name", "email": "email", "signed_up_at": "createdAt"}


def note_staff_facts(client: Client, facts: Mapping[str, str | datetime | None], *, at: datetime) -> None:
    """Keep what staff wrote into the fields of TRAIT_OF_FIELD as told at this time. Needs the organization's scope.

    An `identify` that arrives later but was said before then changes nothing.
    """
    ClientTrait.objects.bulk_create(
        [
            ClientTrait(
                organization_id=client.organization_id,
                client_id=client.pk,
                key=trait,
                value=_plain(facts[field]),
                changed_at=at,
                message_id=f"staff-{uuid4()}",
            )
            for field, trait in TRAIT_OF_FIELD.items()
            if field in facts
        ],
        update_conflicts=True,
        unique_fields=["organization", "client", "key"],
        update_fields=["value", "changed_at", "message_id"],
    )


def _plain(fact: str | datetime | None) -> str | None:
    return fact.isoformat() if isinstance(fact, datetime) else fact
