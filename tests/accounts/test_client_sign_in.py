from ipaddress import IPv6Address
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.test import RequestFactory

from accounts.client_sign_in import address_of
from accounts.models import Client, Organization
from tests.factories import ClientFactory, MembershipFactory, UserFactory

PASSWORD = "correct horse battery"
PAGE = "/client/dashboard/success"


@pytest.fixture
def browser() -> Browser:
    """From an address that has not failed before: the failures are in the cache, which the tests share."""
    return Browser(REMOTE_ADDR=str(IPv6Address(uuid4().int)))


@pytest.fixture
def ada(organization: Organization, outsider: Organization) -> Client:
    client: Client = ClientFactory.create(organization=organization, user=UserFactory.create(username="ada"))
    return client


def sign_in(browser: Browser, username: str = "ada", password: str = PASSWORD, **extra: Any) -> Any:
    return browser.post("/client/sign-in", {"username": username, "password": password} | extra)


def test_a_client_signs_in_and_lands_on_the_dashboard(browser: Browser, ada: Client) -> None:
    assert sign_in(browser).url == "/"
    assert browser.get("/").headers["Location"] == PAGE
    assert browser.get("/client/sign-in").headers["Location"] == "/"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(browser: Browser, ada: Client) -> None:
    asked = browser.get(PAGE)
    assert asked.headers["Location"] == f"/client/sign-in?next={PAGE}"
    assert sign_in(browser, next=PAGE).url == PAGE


def test_signing_in_never_leads_to_another_site(browser: Browser, ada: Client) -> None:
    assert sign_in(browser, next="https://elsewhere.example/").url == "/"


def test_a_wrong_password_and_an_unknown_name_look_the_same(browser: Browser, ada: Client) -> None:
    UserFactory.create(username="retired", is_active=False)
    messages = {
        str(sign_in(browser, name, password).context["form"].non_field_errors())
        for name, password in (("ada", "wrong"), ("nobody", "wrong"), ("retired", PASSWORD))
    }
    assert len(messages) == 1


@pytest.mark.parametrize("username", ["ada", "nobody"])
def test_after_five_failures_even_the_right_password_waits(browser: Browser, ada: Client, username: str) -> None:
    statuses = [sign_in(browser, username, "wrong").status_code for _ in range(5)]
    refused = sign_in(browser, username)
    assert (statuses, refused.status_code) == ([200] * 5, 429)
    assert 1 <= int(refused["Retry-After"]) <= 31
    assert "Too many failed attempts. Please wait" in refused.content.decode()
    assert "_auth_user_id" not in browser.session


def test_signing_out_needs_a_post(browser: Browser, ada: Client) -> None:
    sign_in(browser)
    assert browser.get("/client/sign-out").status_code == 405
    assert browser.post("/client/sign-out").headers["Location"] == "/client/sign-in"
    assert browser.get(PAGE).headers["Location"] == f"/client/sign-in?next={PAGE}"


def test_the_root_shows_a_stranger_the_doors(browser: Browser, db: None) -> None:
    page = browser.get("/").content.decode()
    assert [door in page for door in ('href="/client/sign-in"', 'href="/admin/"', 'href="/api/docs/"')] == [True] * 3


def test_the_root_leads_staff_to_the_admin(browser: Browser, organization: Organization) -> None:
    browser.force_login(MembershipFactory.create(organization=organization).user)
    assert browser.get("/").headers["Location"] == "/admin/"


def test_staff_are_told_where_their_pages_are(browser: Browser, organization: Organization) -> None:
    browser.force_login(MembershipFactory.create(organization=organization).user)
    page = browser.get(PAGE)
    assert (page.status_code, "client/for_clients_only.html" in [t.name for t in page.templates]) == (403, True)
    assert 'href="/admin/"' in page.content.decode()


def test_a_login_without_a_client_finds_nothing(browser: Browser, ada: Client) -> None:
    browser.force_login(UserFactory.create())
    assert browser.get(PAGE).status_code == 404
    assert browser.get("/").status_code == 200


def test_an_archived_client_finds_nothing(browser: Browser, organization: Organization) -> None:
    client = ClientFactory.create(organization=organization, user=UserFactory.create(), status=Client.Status.ARCHIVED)
    browser.force_login(client.user)
    assert browser.get(PAGE).status_code == 404


def test_the_client_of_a_suspended_organization_finds_nothing(browser: Browser, db: None) -> None:
    client = ClientFactory.create(
        organization__status=Organization.Status.SUSPENDED, user=UserFactory.create(username="ada")
    )
    browser.force_login(client.user)
    assert browser.get(PAGE).status_code == 404


@pytest.mark.parametrize(
    ("trusts_proxy", "address"), [(None, "192.0.2.1"), (("HTTP_X_FORWARDED_PROTO", "https"), "203.0.113.9")]
)
def test_only_a_trusted_proxy_says_where_a_request_came_from(
    settings: Any, trusts_proxy: tuple[str, str] | None, address: str
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = trusts_proxy
    request = RequestFactory(REMOTE_ADDR="192.0.2.1").get("/", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"})
    assert address_of(request) == address
