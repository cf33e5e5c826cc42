"""An operator is offered the rows of every organization, and cannot make one point at another's."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin

from accounts.admin_access import TenantModelAdmin
from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from success.models import Task
from tests.factories import ClientFactory

REQUEST: Any = SimpleNamespace(user=SimpleNamespace(is_active=True, is_superuser=True), seat=None)


class AnyTaskAdmin(TenantModelAdmin):
    fields = ("organization", "client", "title", "status")


def errors(chosen: Organization | None, client: Client, **instance: Any) -> dict[str, list[str]]:
    names = ("organization", "client", "title", "status") if chosen else ("client", "title", "status")
    task_admin = type("OneTaskAdmin", (AnyTaskAdmin,), {"fields": names})(Task, admin.site)
    values = {"organization": chosen and chosen.pk, "client": client.pk, "title": "x", "status": "todo"}
    with all_organizations():
        form = task_admin.get_form(REQUEST)(values, instance=Task(**instance))
        return dict(form.errors)


@pytest.fixture
def foreign(outsider: Organization) -> Client:
    client: Client = ClientFactory.create(organization=outsider)
    return client


def test_a_new_row_points_into_the_organization_that_was_chosen(
    organization: Organization, client_of_acme: Client, foreign: Client
) -> None:
    assert errors(organization, client_of_acme) == {}
    assert errors(organization, foreign) == {"client": ["This belongs to another organization."]}


def test_an_existing_row_points_into_its_own(
    organization: Organization, client_of_acme: Client, foreign: Client
) -> None:
    assert errors(None, client_of_acme, organization=organization) == {}
    assert errors(None, foreign, organization=organization) == {"client": ["This belongs to another organization."]}


def test_without_an_organization_yet_anybodys_may_be_chosen(foreign: Client) -> None:
    assert errors(None, foreign) == {}
