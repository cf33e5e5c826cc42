"""Which tenant's rows a transaction may see.

Row-level security compares every row with a setting of the transaction. Without one of these context
managers there is none, and no tenant's table yields or takes a row.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Func, TextField

ORGANIZATION = "mainstay.organization"
SCOPE = "mainstay.scope"
SET_SCOPE = (
    f"SELECT current_setting('{ORGANIZATION}', true), current_setting('{SCOPE}', true),"
    f" set_config('{ORGANIZATION}', %s, true), set_config('{SCOPE}', %s, true)"
)
ROW_IS_VISIBLE = (
    "({column} = (SELECT nullif(current_setting('" + ORGANIZATION + "', true), '')::bigint)"
    " OR (SELECT current_setting('" + SCOPE + "', true) = 'all'))"
)


class NarrowScope(Func):
    """An annotation: reading a row with it leaves the transaction in the scope of the organization it is given.

    For who is looked up among all and sees one only from then on. Give it of one row at most; where there was
    none the scope is as wide as before.
    """

    template = f"set_config('{ORGANIZATION}', (%(expressions)s)::text, true) || set_config('{SCOPE}', '', true)"
    output_field = TextField()


@contextmanager
def organization_scope(organization_id: int) -> Iterator[None]:
    """Run a transaction (or savepoint) that sees and writes the rows of one organization only.

    Scopes nest: the outer one is restored at the end. An exception rolls back and restores too.
    """
    with _scope(str(int(organization_id)), ""):
        yield


@contextmanager
def all_organizations() -> Iterator[None]:
    """Run a transaction that sees the rows of every organization: for operators, jobs and sign-in only."""
    with _scope("", "all"):
        yield


@contextmanager
def no_organization() -> Iterator[None]:
    """Run a transaction that sees no tenant's rows, whatever scope is around it."""
    with _scope("", ""):
        yield


@contextmanager
def _scope(organization: str, scope: str) -> Iterator[None]:
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SET_SCOPE, [organization, scope])
        outer_organization, outer_scope, *_ = cursor.fetchone()
        yield
        # A rollback restores by itself, and the end of the transaction forgets the setting.
        if nested and not connection.needs_rollback:
            cursor.execute(SET_SCOPE, [outer_organization or "", outer_scope or ""])
