from typing import Any

import pytest
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
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
        return list(Event.objects.values_list(*fields))


def test_a_clients_sign_in_is_a_login(outsider: Organization, django_capture_on_commit_callbacks: Captured) -> None:
    client = ClientFactory.create(user=UserFactory.create())
    sign_in(client.user, "/client/sign-in", django_capture_on_commit_callbacks)
    assert stored("organization_id", "client_id", "base_type") == [(client.organization_id, client.pk, "login")]


def test_a_members_sign_in_is_a_dashboard_login(
    outsider: Organization, django_capture_on_commit_callbacks: Captured
) -> None:
    member = MembershipFactory.create()
    sign_in(member.user, "/admin/login/", django_capture_on_commit_callbacks)
    assert stored("organization_id", "client_id", "name", "category", "data") == [
        (member.organization_id, None, "dashboard_login", "operational", {"user": member.user_id})
    ]


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
