"""Policies whose versions are never edited: which one counts, how a new one comes to be, and what it changed."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.db import connection
from django.db.models import F, Manager, Model, Q

from accounts.audit import record_audit

PLATFORM = 0
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s || ':' || %s, 0))"
Policy = TypeVar("Policy", bound=Model)


def version_in_force(policies: type[Policy], organization_id: int) -> Policy:
    """The organization's newest version, else the newest platform default."""
    rows = manager_of(policies).filter(Q(organization_id=organization_id) | Q(organization=None))
    return rows.order_by(F("organization").asc(nulls_last=True), "-version")[:1].get()


def add_version(policy: Policy, *, name: str, values: Iterable[str], begins: Mapping[str, str] | None = None) -> Policy:
    """Save it as the next version of its organization's, or of the platform's, with an audit entry.

    The entry is `<name>.created` and holds what is different from the version before, or from the defaults, and when
    it `begins`. Two at once get two numbers. Raises ValidationError when it is not valid. Needs the organization's
    scope, or that of all of them for the platform's.
    """
    new: Any = policy
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [name, new.organization_id or PLATFORM])
    newest: Any = manager_of(type(policy)).filter(organization=new.organization).order_by("-version").first()
    new.version = newest.version + 1 if newest else 1
    new.full_clean()
    new.save(force_insert=True)
    changes = dict(begins or {}) | changed_values(newest, policy, values=values)
    record_audit(
        f"{name}.created", subject=policy, organization=new.organization, actor=new.created_by, changes=changes
    )
    return policy


def changed_values(before: Model | None, after: Model, *, values: Iterable[str]) -> dict[str, Any]:
    """The values in which two versions differ, as [old, new]; without an older one, against the defaults."""
    before = before or type(after)()
    pairs = {name: [getattr(before, name), getattr(after, name)] for name in values}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def manager_of(policies: type[Policy]) -> Manager[Policy]:
    return policies._default_manager  # noqa: SLF001 - Django documents it
