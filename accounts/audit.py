from typing import Any

from django.db.models import Model

from accounts.models import AuditEntry, Organization, User


def record_audit(
    action: str,
    *,
    subject: Model,
    organization: Organization | None,
    actor: User | None,
    changes: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry in the caller's transaction. `action` is `noun.verb`; `changes` holds no secrets."""
    return AuditEntry.objects.create(
        action=action,
        subject=f"{subject._meta.label}:{subject.pk}",  # noqa: SLF001 - Django documents _meta
        organization=organization,
        actor=actor,
        changes=changes or {},
    )
