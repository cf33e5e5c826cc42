"""Every page of every registered model, asked for by people who have no business there."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.forms.models import model_to_dict
from django.test import Client as Browser
from django.urls import reverse
from django.utils.http import urlencode

from accounts.admin_access import TenantModelAdmin
from accounts.models import Client, Membership, Organization, User
from accounts.tenancy import all_organizations
from tests.factories import ClientFactory, MembershipFactory, UserFactory
from tests.gates.rows import MAKERS, make_row
from tests.sessions import sign_in

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
TENANT = [model for model in REGISTERED if model._meta.label in MAKERS]
GLOBAL = [model for model in REGISTERED if model._meta.label not in MAKERS]
MISSING_ID = 987_654_321
REFUSED = (302, 403)


def label(model: type[models.Model]) -> str:
    return model._meta.label


def page(model: type[models.Model], name: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def signed_in(user: User) -> Browser:
    return sign_in(Browser(), user)


@pytest.fixture
def other_owner(outsider: Organization) -> User:
    user: User = MembershipFactory.create(organization=outsider, role=Membership.Role.OWNER).user
    return user


@pytest.fixture
def owner_elsewhere(other_owner: User) -> Browser:
    return signed_in(other_owner)


@pytest.fixture
def strangers(outsider: Organization) -> dict[str, Browser]:
    client = ClientFactory.create(organization=outsider, user=UserFactory.create())
    return {
        "nobody": Browser(),
        "a client": signed_in(client.user),
        "staff without a seat": signed_in(UserFactory.create(is_staff=True)),
    }


def pages(model: type[models.Model], pk: object) -> list[str]:
    return [page(model, "add"), *pages_of_row(model, pk)]


def pages_of_row(model: type[models.Model], pk: object) -> list[str]:
    return [page(model, name, pk) for name in ("change", "history", "delete")]


def contents(row: models.Model) -> dict[str, Any] | None:
    with all_organizations():
        found = type(row)._default_manager.filter(pk=row.pk).first()
        return model_to_dict(found) if found else None


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_strangers_are_turned_away(
    model: type[models.Model], organization: Organization, strangers: dict[str, Browser]
) -> None:
    row = make_row(model, organization)
    for who, browser in strangers.items():
        for address in [*pages(model, row.pk), page(model, "changelist")]:
            response = browser.get(address)
            shown = _shown(response)
            assert response.status_code in REFUSED or shown == [], (who, address, response.status_code, shown)


@pytest.mark.parametrize("model", GLOBAL, ids=label)
def test_only_operators_see_what_belongs_to_nobody(model: type[models.Model], owner_elsewhere: Browser) -> None:
    for address in [page(model, "changelist"), page(model, "add"), *pages_of_row(model, 1)]:
        assert owner_elsewhere.get(address).status_code in REFUSED, address


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_lists_show_the_own_organization_only(
    model: type[models.Model], organization: Organization, outsider: Organization, owner_elsewhere: Browser
) -> None:
    make_row(model, organization)
    own = make_row(model, outsider)
    response = owner_elsewhere.get(page(model, "changelist"))
    if response.status_code == 403:
        return
    shown = _shown(response)
    assert own in shown
    # What belongs to nobody is the platform's own, such as the default policy.
    assert {_owner(row) for row in shown} - {None} == {outsider.pk}
    assert "of acme" not in response.content.decode()


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_a_foreign_row_answers_like_a_missing_one(
    model: type[models.Model], organization: Organization, other_owner: User
) -> None:
    row = make_row(model, organization)
    before = contents(row)
    for foreign, missing in zip(pages_of_row(model, row.pk), pages_of_row(model, MISSING_ID), strict=True):
        for method in ("get", "post"):
            # Each time a new browser: messages that were not shown yet would pile up.
            answer = _normal(getattr(signed_in(other_owner), method)(foreign), row.pk)
            assert answer == _normal(getattr(signed_in(other_owner), method)(missing), MISSING_ID), (method, foreign)
    assert contents(row) == before


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_actions_leave_foreign_rows_alone(
    model: type[models.Model], organization: Organization, owner_elsewhere: Browser
) -> None:
    row = make_row(model, organization)
    before = contents(row)
    for action in [*(admin.site._registry[model].actions or ()), "delete_selected"]:
        name = action if isinstance(action, str) else action.__name__
        chosen = {"action": name, "_selected_action": row.pk, "select_across": "1", "post": "yes", "index": "0"}
        response = owner_elsewhere.post(page(model, "changelist"), chosen)
        assert response.status_code in (*REFUSED, 200), (name, response.status_code)
    assert contents(row) == before


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_autocomplete_offers_the_own_organization_only(
    model: type[models.Model], organization: Organization, owner_elsewhere: Browser
) -> None:
    make_row(model, organization)
    for field in model._meta.get_fields():
        if not isinstance(field, models.ForeignKey):
            continue
        query: dict[str, Any] = {
            "app_label": model._meta.app_label,
            "model_name": model._meta.model_name,
            "field_name": field.name,
        }
        response = owner_elsewhere.get(f"{reverse('admin:autocomplete')}?{urlencode(query)}")
        assert "acme" not in response.content.decode(), field.name


@pytest.mark.parametrize("model", TENANT, ids=label)
def test_forms_offer_the_own_organization_only(
    model: type[models.Model], organization: Organization, outsider: Organization, owner_elsewhere: Browser
) -> None:
    make_row(model, organization)
    make_row(Client, organization)
    own = make_row(model, outsider)
    for address in (page(model, "add"), page(model, "change", own.pk)):
        response = owner_elsewhere.get(address)
        assert response.status_code in (200, *REFUSED), address
        assert "acme" not in response.content.decode(), address


def test_every_model_of_a_tenant_in_the_admin_is_bound_to_its_organization() -> None:
    assert [label(model) for model in TENANT if not isinstance(admin.site._registry[model], TenantModelAdmin)] == []


def _shown(response: Any) -> list[models.Model]:
    context: Any = getattr(response, "context", None)
    listed = context.get("cl") if context else None
    return list(listed.result_list) if listed else []


def _owner(row: Any) -> int | None:
    owner: int | None = row.pk if isinstance(row, Organization) else row.organization_id
    return owner


def _normal(response: Any, pk: object) -> tuple[int, str, list[str]]:
    """What an answer says, but for the id that was asked for."""
    messages = [str(message) for message in getattr(response.wsgi_request, "_messages", [])]
    text = "" if response.status_code in REFUSED else response.content.decode()
    said = [message.replace(str(pk), "ID") for message in messages]
    return response.status_code, response.get("Location", "").replace(str(pk), "ID"), [*said, text]
