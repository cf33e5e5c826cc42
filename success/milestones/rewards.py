"""Rewards of milestones: given by staff, by hand, and shown to the client from then on."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import AuditEntry, User
from success.models import Milestone


def give_rewards(milestones: QuerySet[Milestone], *, actor: User, at: datetime) -> int:
    """Mark the rewards as given, where there is one that was not; how many. In the caller's transaction."""
    waiting = milestones.filter(reward_given_at=None).exclude(definition__reward_kind="")
    return _mark(waiting, given_at=at, given_by=actor, actor=actor, verb="reward_given")


def take_back_rewards(milestones: QuerySet[Milestone], *, actor: User) -> int:
    """Undo it, for what was marked by mistake; how many."""
    given = milestones.exclude(reward_given_at=None)
    return _mark(given, given_at=None, given_by=None, actor=actor, verb="reward_taken_back")


def _mark(
    milestones: QuerySet[Milestone], *, given_at: datetime | None, given_by: User | None, actor: User, verb: str
) -> int:
    # Locked, so that of two who mark at once only one is said to have given.
    marked = list(milestones.order_by("pk").select_for_update(of=("self",)))
    Milestone.objects.filter(pk__in=[milestone.pk for milestone in marked]).update(
        reward_given_at=given_at, reward_given_by=given_by
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(
            action=f"milestone.{verb}",
            subject=f"{milestone._meta.label}:{milestone.pk}",  # noqa: SLF001 - Django documents _meta
            organization_id=milestone.organization_id,
            actor=actor,
            changes={"definition": milestone.definition_id, "client": milestone.client_id},
        )
        for milestone in marked
    )
    return len(marked)
