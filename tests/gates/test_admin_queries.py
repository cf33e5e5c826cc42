"""No list of the admin asks the database more often because it shows more rows."""

import pytest
from django.contrib import admin
from django.db import connection, models
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership, Organization
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.gates.rows import MAKERS, make_row

LISTED = sorted(
    (model for model in admin.site._registry if model._meta.label in MAKERS and model is not Organization),
    key=lambda model: model._meta.label,
)


def queries(browser: Browser, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code in (200, 403)
    return len(captured)


@pytest.mark.parametrize("who", ["owner", "operator"])
@pytest.mark.parametrize("model", LISTED, ids=lambda model: model._meta.label)
def test_a_list_takes_as_many_queries_with_three_rows_as_with_one(
    model: type[models.Model], who: str, organization: Organization, outsider: Organization
) -> None:
    browser = browser_of(organization, Membership.Role.OWNER) if who == "owner" else operators_browser()
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    make_row(model, organization)
    queries(browser, address)  # what is read once in a process
    one = queries(browser, address)
    make_row(model, organization)
    make_row(model, outsider)
    make_row(model, organization)
    assert queries(browser, address) == one
