import pytest
from django.test import Client as Browser

from accounts.logins import belongs_to, client_login, create_login, password_link
from accounts.models import AuditEntry, Client, Organization
from tests.factories import ClientFactory, MembershipFactory, UserFactory

PASSWORD = "a lasting passphrase"


def choose(link: str, password: str = PASSWORD) -> str:
    """Follow the link, choose the password, and say where one ends up."""
    browser = Browser()
    form = browser.get(link, follow=True)
    address = form.redirect_chain[-1][0] if form.redirect_chain else link
    response = browser.post(address, {"new_password1": password, "new_password2": password})
    return response.get("Location", "")


def test_a_login_cannot_be_used_before_a_password_is_chosen(db: None) -> None:
    user = create_login("ada", is_staff=True)
    assert not user.has_usable_password()
    assert choose(password_link(user)) == "/admin/login/"
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_client_is_sent_to_the_clients_sign_in(db: None) -> None:
    assert choose(password_link(create_login("ada", is_staff=False))) == "/client/sign-in"


def test_a_link_works_once(db: None) -> None:
    user = create_login("ada", is_staff=True)
    link = password_link(user)
    choose(link)
    assert choose(link, "another lasting passphrase") == ""
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_weak_password_is_refused(db: None) -> None:
    user = create_login("ada", is_staff=True)
    assert choose(password_link(user), "12345678") == ""
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_only_a_login_of_this_organization_alone_belongs_to_it(
    organization: Organization, outsider: Organization
) -> None:
    here = MembershipFactory.create(organization=organization).user
    both = MembershipFactory.create(organization=organization).user
    MembershipFactory.create(organization=outsider, user=both)
    client_elsewhere = MembershipFactory.create(organization=organization).user
    ClientFactory.create(organization=outsider, user=client_elsewhere)
    operator = MembershipFactory.create(organization=organization, user__is_superuser=True).user
    users = [here, both, client_elsewhere, operator, UserFactory.create()]
    assert [belongs_to(user, organization.pk) for user in users] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("email", "taken", "expected"),
    [
        ("ada@example.com", [], "ada@example.com"),
        ("ada@example.com", ["Ada@example.com"], "ada@example.com-2"),
        ("", [], "acme-user-1"),
        ("", ["acme-user-1", "acme-user-1-2"], "acme-user-1-3"),
    ],
)
def test_a_clients_login_is_named_after_the_client(
    scoped: Organization, email: str, taken: list[str], expected: str
) -> None:
    actor = UserFactory.create()
    for username in taken:
        UserFactory.create(username=username)
    client: Client = ClientFactory.create(organization=scoped, external_id="user-1", email=email)
    user = client_login(client, actor=actor)
    client.refresh_from_db()
    assert (user.username, user.is_staff, client.user) == (expected, False, user)
    assert client_login(client, actor=actor) == user
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "client.login_created",
        "client.password_link",
    ]
