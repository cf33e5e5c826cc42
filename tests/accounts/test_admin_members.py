import pytest
from django.test import Client as Browser

from accounts.models import Membership, Organization, User
from accounts.tenancy import all_organizations
from tests.accounts.admin_pages import audited, browser_of
from tests.factories import MembershipFactory, UserFactory

PLACE = "/admin/accounts/membership/"
LINK = "accounts_membership_new_password_link"


@pytest.fixture
def browser(organization: Organization) -> Browser:
    return browser_of(organization, Membership.Role.OWNER)


def members(organization: Organization) -> list[tuple[str, str]]:
    with all_organizations():
        return list(
            Membership.objects.filter(organization=organization).order_by("id").values_list("user__username", "role")
        )


def test_an_owner_takes_somebody_in_and_gets_a_link_to_hand_on(browser: Browser, organization: Organization) -> None:
    page = browser.post(f"{PLACE}add/", {"username": "grace", "email": "grace@example.com", "role": "staff"})
    user = User.objects.get(username="grace")
    assert members(organization)[1:] == [("grace", "staff")]
    assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (True, False, False)
    assert page.context["value"].startswith("http://testserver/set-password/")
    assert "no-store" in page["Cache-Control"]
    assert audited(organization) == [("member.added", {"user": user.pk, "role": [None, "staff"]})]


def test_a_user_name_that_exists_is_not_taken_in(browser: Browser, organization: Organization) -> None:
    UserFactory.create(username="Grace", is_superuser=True)
    page = browser.post(f"{PLACE}add/", {"username": "grace", "role": "owner"})
    assert "This user name is taken" in page.content.decode()
    assert len(members(organization)) == 1


def test_the_last_owner_stays(browser: Browser, organization: Organization) -> None:
    with all_organizations():
        owner = Membership.objects.get(organization=organization)
    page = browser.post(f"{PLACE}{owner.pk}/change/", {"role": "staff"})
    assert "needs an owner" in page.content.decode()
    page = browser.post(f"{PLACE}{owner.pk}/delete/", {"post": "yes"}, follow=True)
    assert [str(message) for message in page.context["messages"]] == [
        "An organization needs an owner: make somebody else owner first."
    ]
    assert members(organization) == [(owner.user.username, "owner")]


def test_an_owner_removes_and_promotes(browser: Browser, organization: Organization) -> None:
    leaving = MembershipFactory.create(organization=organization)
    rising = MembershipFactory.create(organization=organization)
    browser.post(f"{PLACE}{leaving.pk}/delete/", {"post": "yes"})
    browser.post(f"{PLACE}{rising.pk}/change/", {"role": "owner"})
    assert members(organization)[1:] == [(rising.user.username, "owner")]
    assert [action for action, _ in audited(organization)] == ["member.removed", "member.role_changed"]
    assert User.objects.filter(pk=leaving.user.pk).exists()


def test_an_owner_gives_a_new_link_to_their_own_people(browser: Browser, organization: Organization) -> None:
    member = MembershipFactory.create(organization=organization)
    page = browser.post(f"{PLACE}{member.pk}/change/", {"role": "staff", LINK: "1"})
    assert page.context["value"].startswith("http://testserver/set-password/")
    assert audited(organization) == [("member.password_link", {"user": member.user.pk})]


def test_no_owner_takes_over_who_works_elsewhere_or_operates(
    browser: Browser, organization: Organization, outsider: Organization
) -> None:
    elsewhere = MembershipFactory.create(organization=organization)
    MembershipFactory.create(organization=outsider, user=elsewhere.user)
    operator = MembershipFactory.create(organization=organization, user__is_superuser=True)
    for member in (elsewhere, operator):
        page = browser.post(f"{PLACE}{member.pk}/change/", {"role": "staff", LINK: "1"})
        assert page.status_code == 302
    assert audited(organization) == []


def test_staff_see_members_and_change_nothing(organization: Organization) -> None:
    browser = browser_of(organization, Membership.Role.STAFF)
    member = MembershipFactory.create(organization=organization)
    assert browser.get(PLACE).status_code == 200
    answers = [
        browser.post(f"{PLACE}add/", {"username": "grace", "role": "owner"}),
        browser.post(f"{PLACE}{member.pk}/change/", {"role": "owner"}),
        browser.post(f"{PLACE}{member.pk}/delete/", {"post": "yes"}),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
