"""How long insights are shown, and what happens then."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.db import connection

LIFETIME = timedelta(days=28)

# The days bound what the index of periods has to give; no place is further than a day from any other.
DELETE = """
DELETE FROM success_insight
WHERE organization_id = %(organization)s AND period_end <= %(expired_until)s AND expires_at <= %(as_of)s
"""


def expires_at(period_end: date, *, timezone: tzinfo) -> datetime:
    """The first moment there of the day LIFETIME after the period end; where clocks give two, the earlier."""
    return datetime.combine(period_end + LIFETIME, time(), timezone).astimezone(UTC)


def delete_expired(organization_id: int, *, as_of: datetime) -> int:
    """Delete what has expired, and return how many there were. Needs the organization's scope."""
    expired_until = (as_of - LIFETIME + timedelta(days=1)).date()
    with connection.cursor() as cursor:
        cursor.execute(DELETE, {"organization": organization_id, "as_of": as_of, "expired_until": expired_until})
        return int(cursor.rowcount)
