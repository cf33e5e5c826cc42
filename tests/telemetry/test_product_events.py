from typing import Any

import pytest
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.test import RequestFactory

from accounts.models import Client, Organization, User
from accounts.tenancy import all_organizations
from telemetry.models import Event
from telemetry.product_events import ClientPageViews
from tests.factories import ClientFactory, MembershipFactory, UserFactory

Captured = Any
PAGE = "/client/dashboard/success"


def request_of(path: str, **headers: str) -> HttpRequest:
    request = RequestFactory().get(path, headers=headers)
    request.session = SessionStore()
    return request


def sign_in(user: User, path: str, capture: Captured) -> None:
    with capture(execute=True):
        login(request_of(path), user, backend="django.contrib.auth.backends.ModelBackend")


def stored(*fields: str) -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Event.objects.order_by("id").values_list(*fields))


def test_a_clients_sign_in_is_a_login(outsider: Organization, django_capture_on_commit_callbacks: Captured) -> None:
    client = ClientFactory.create(user=UserFactory.create())
    sign_in(client.user, "/client/sign-in", django_capture_on_commit_callbacks)
    assert stored("organization_id", "client_id", "base_type") == [(client.organization_id, client.pk, "login")]


@pytest.mark.parametrize("door", ["/admin/login/", "/client/sign-in"])
def test_a_members_sign_in_is_a_dashboard_login(
    outsider: Organization, door: str, django_capture_on_commit_callbacks: Captured
) -> None:
    member = MembershipFactory.create()
    sign_in(member.user, door, django_capture_on_commit_callbacks)
    assert stored("organization_id", "client_id", "name", "category", "data") == [
        (member.organization_id, None, "dashboard_login", "operational", {"user": member.user_id})
    ]


@pytest.mark.parametrize(("door", "name"), [("/admin/login/", "dashboard_login"), ("/client/sign-in", "login")])
def test_who_is_member_and_client_is_counted_for_the_door(
    door: str, name: str, client_of_acme: Client, django_capture_on_commit_callbacks: Captured
) -> None:
    member = MembershipFactory.create()
    with all_organizations():
        Client.objects.filter(pk=client_of_acme.pk).update(user=member.user)
    sign_in(member.user, door, django_capture_on_commit_callbacks)
    assert stored("name") == [(name,)]


def test_a_member_who_may_not_into_the_admin_is_not_counted(
    outsider: Organization, django_capture_on_commit_callbacks: Captured
) -> None:
    member = MembershipFactory.create(user=UserFactory.create(is_staff=False))
    sign_in(member.user, "/client/sign-in", django_capture_on_commit_callbacks)
    assert stored("name") == []


def test_each_organization_entered_is_counted_once_a_sign_in(
    organization: Organization, outsider: Organization, browser: Browser, django_capture_on_commit_callbacks: Captured
) -> None:
    user = MembershipFactory.create(organization=organization).user
    MembershipFactory.create(organization=outsider, user=user)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            browser.force_login(user)
        for chosen in (outsider, organization, outsider):
            with django_capture_on_commit_callbacks(execute=True):
                browser.post("/admin/organization/", {"organization": chosen.pk})
        browser.logout()
    assert stored("organization_id", "name") == [
        (entered.pk, "dashboard_login") for entered in (organization, outsider, organization, outsider)
    ]


def test_a_choice_that_is_refused_is_not_counted(
    organization: Organization, outsider: Organization, browser: Browser, django_capture_on_commit_callbacks: Captured
) -> None:
    browser.force_login(MembershipFactory.create(organization=organization).user)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/admin/organization/", {"organization": outsider.pk})
    assert stored("name") == []


def test_an_operator_has_no_organization_to_count_for(
    outsider: Organization, django_capture_on_commit_callbacks: Captured
) -> None:
    sign_in(UserFactory.create(is_superuser=True, is_staff=True), "/admin/login/", django_capture_on_commit_callbacks)
    assert stored("name") == []


def show(client: Client | None, capture: Captured, *, path: str = PAGE, headers: Any = None, **page: Any) -> None:
    request = request_of(path, **(headers or {}))
    request.client = client  # type: ignore[attr-defined]
    with capture(execute=True):
        ClientPageViews(lambda request: HttpResponse(**page))(request)


def test_a_clients_page_is_a_page_view(client_of_acme: Client, django_capture_on_commit_callbacks: Captured) -> None:
    show(client_of_acme, django_capture_on_commit_callbacks)
    assert stored("client_id", "base_type", "page_path") == [(client_of_acme.pk, "page_view", PAGE)]


@pytest.mark.parametrize(
    "page",
    [
        {"status": 404},
        {"content_type": "application/json"},
        {"headers": {"Location": "/"}, "status": 302},
    ],
)
def test_what_is_no_page_is_no_page_view(
    client_of_acme: Client, page: Any, django_capture_on_commit_callbacks: Captured
) -> None:
    show(client_of_acme, django_capture_on_commit_callbacks, **page)
    show(client_of_acme, django_capture_on_commit_callbacks, headers={"HX-Request": "true"})
    show(client_of_acme, django_capture_on_commit_callbacks, path="/admin/")
    show(None, django_capture_on_commit_callbacks)
    assert stored("name") == []
