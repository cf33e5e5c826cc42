from typing import Any

from accounts.models import AuditEntry, Organization, User


def record_audit(
    action: str,
    *,
    subject: object,
    organization: Organization | None,
    actor: User | None,
    changes: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry in the caller's transaction. `action` is `noun.verb`; `changes` holds no secrets."""
    return AuditEntry.objects.create(
        action=action,
        subject=f"{subject._meta.label}:{subject.pk}" if hasattr(subject, "_meta") else str(subject)[:200],  # type: ignore[attr-defined]
        organization=organization,
        actor=actor,
        changes=changes or {},
    )
