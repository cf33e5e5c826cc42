import pytest

from accounts.members import LastOwnerError, add_member, change_role, remove_member
from accounts.models import AuditEntry, Membership, Organization
from tests.factories import MembershipFactory, UserFactory

OWNER, STAFF = Membership.Role.OWNER, Membership.Role.STAFF


@pytest.fixture
def owner(scoped: Organization) -> Membership:
    member: Membership = MembershipFactory.create(organization=scoped, role=OWNER)
    return member


def roles(organization: Organization) -> list[str]:
    return sorted(Membership.objects.filter(organization=organization).values_list("role", flat=True))


def log() -> list[tuple[str, dict[str, object]]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "changes"))


def test_a_member_is_added_changed_and_removed_with_a_trace(scoped: Organization, owner: Membership) -> None:
    user = UserFactory.create()
    member = add_member(scoped, user, role=STAFF, actor=owner.user)
    change_role(member, role=OWNER, actor=owner.user)
    remove_member(member, actor=owner.user)
    assert roles(scoped) == ["owner"]
    assert log() == [
        ("member.added", {"user": user.pk, "role": [None, "staff"]}),
        ("member.role_changed", {"user": user.pk, "role": ["staff", "owner"]}),
        ("member.removed", {"user": user.pk, "role": ["owner", None]}),
    ]


def test_the_last_owner_cannot_leave(scoped: Organization, owner: Membership) -> None:
    MembershipFactory.create(organization=scoped, role=STAFF)
    with pytest.raises(LastOwnerError):
        remove_member(owner, actor=owner.user)
    with pytest.raises(LastOwnerError):
        change_role(owner, role=STAFF, actor=owner.user)
    assert roles(scoped) == ["owner", "staff"]
    assert log() == []


def test_an_owner_may_leave_when_there_is_another(scoped: Organization, owner: Membership) -> None:
    MembershipFactory.create(organization=scoped, role=OWNER)
    remove_member(owner, actor=owner.user)
    assert roles(scoped) == ["owner"]


def test_the_same_role_again_changes_nothing(scoped: Organization, owner: Membership) -> None:
    change_role(owner, role=OWNER, actor=owner.user)
    assert log() == []
