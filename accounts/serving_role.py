"""The role that serves tenants must not be able to pass row-level security by."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper

PRIVILEGES = """
    SELECT r.rolsuper, r.rolbypassrls,
           EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
                     AND pg_has_role(r.oid, c.relowner, 'MEMBER'))
    FROM pg_roles r WHERE r.rolname = current_user
"""
_checked: set[str] = set()


def refuse_privileged_role(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Raise ImproperlyConfigured at the first connection of a process whose role could see every tenant's rows."""
    if connection.alias != "default" or str(connection.settings_dict["NAME"]) in _checked:
        return
    with connection.cursor() as cursor:
        cursor.execute(PRIVILEGES)
        superuser, bypasses, owner = cursor.fetchone()
    reasons = [
        reason
        for reason, holds in (
            ("is a superuser", superuser),
            ("has BYPASSRLS", bypasses),
            ("owns tables or is a member of their owner", owner),
        )
        if holds
    ]
    if reasons:
        connection.close()
        raise ImproperlyConfigured(
            f"The role of DATABASE_URL {' and '.join(reasons)}, so row-level security would not bind it. "
            "Serve with a role made by deploy/postgres/roles.sql and give the owner as DATABASE_OWNER_URL."
        )
    _checked.add(str(connection.settings_dict["NAME"]))
