"""Who works in an organization. There is always an owner."""

from accounts.audit import record_audit
from accounts.models import Membership, Organization, User


class LastOwnerError(Exception):
    """The organization would be left without an owner."""


def add_member(organization: Organization, user: User, *, role: Membership.Role, actor: User) -> Membership:
    membership = Membership.objects.create(organization=organization, user=user, role=role)
    record_audit(
        "member.added",
        subject=membership,
        organization=organization,
        actor=actor,
        changes={"user": user.pk, "role": [None, role]},
    )
    return membership


def change_role(membership: Membership, *, role: Membership.Role, actor: User) -> None:
    """Raises LastOwnerError."""
    before = Membership.objects.get(pk=membership.pk).role
    if before == role:
        return
    if role != Membership.Role.OWNER:
        refuse_last_owner(membership)
    Membership.objects.filter(pk=membership.pk).update(role=role)
    membership.role = role
    record_audit(
        "member.role_changed",
        subject=membership,
        organization=membership.organization,
        actor=actor,
        changes={"user": membership.user_id, "role": [before, role]},
    )


def remove_member(membership: Membership, *, actor: User) -> None:
    """Take the place away; the user stays, for the log and for other organizations. Raises LastOwnerError."""
    refuse_last_owner(membership)
    record_audit(
        "member.removed",
        subject=membership,
        organization=membership.organization,
        actor=actor,
        changes={"user": membership.user_id, "role": [membership.role, None]},
    )
    membership.delete()


def refuse_last_owner(membership: Membership) -> None:
    """Raises LastOwnerError. Locks the organization, so that two owners cannot remove each other at once."""
    Organization.objects.select_for_update().get(pk=membership.organization_id)
    owners = Membership.objects.filter(organization_id=membership.organization_id, role=Membership.Role.OWNER)
    if owners.filter(pk=membership.pk).exists() and not owners.exclude(pk=membership.pk).exists():
        raise LastOwnerError
