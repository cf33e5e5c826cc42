"""Addresses to which an organization sends nothing any more, whatever their clients agreed to."""

from datetime import datetime

from django.db import connection

from accounts.models import User
from emails.models import Suppression

STOP = """
    INSERT INTO emails_suppression (organization_id, address, reason, detail, at)
    VALUES (%(organization)s, %(address)s, %(reason)s, %(detail)s, %(at)s)
    ON CONFLICT (organization_id, lower(address)) WHERE lifted_at IS NULL DO NOTHING
"""
LONGEST_DETAIL = 500


def suppress(organization_id: int, address: str, *, reason: Suppression.Reason, detail: str = "", at: datetime) -> bool:
    """Stop sending to the address, in any case of its letters; false when it is stopped already.

    Needs the organization's scope.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            STOP,
            {
                "organization": organization_id,
                "address": address,
                "reason": reason,
                "detail": detail.replace("\0", "")[:LONGEST_DETAIL],
                "at": at,
            },
        )
        return bool(cursor.rowcount)


def lift(suppression: Suppression, *, by: User, at: datetime) -> bool:
    """Send there again; false when somebody did so before."""
    rows = Suppression.objects.filter(pk=suppression.pk, organization=suppression.organization_id, lifted_at=None)
    return bool(rows.update(lifted_at=at, lifted_by=by))


def stopped_address(organization_id: int, address: str) -> Suppression | None:
    """What stands against sending to an address."""
    rows = Suppression.objects.filter(organization=organization_id, lifted_at=None)
    return rows.filter(address__iexact=address).first()
