"""Who may change what daily activity is derived from, and who may only add to it."""

from django.db import connection

LOCK = "SELECT pg_advisory_xact_lock{shared}(hashtextextended('telemetry.activity.' || %s::bigint, 0))"


def activity_lock(organization_id: int, *, exclusive: bool) -> None:
    """Wait for the organization's activity and hold it until the transaction ends.

    Recording shares it. What re-derives stored events (a changed name, a tie of identities, a rebuild)
    takes it alone, before it reads anything, so that no event slips in between reading and writing.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK.format(shared="" if exclusive else "_shared"), [organization_id])
