import pytest
from django.test import Client as Browser

from accounts.models import Membership, Organization
from tests.factories import MembershipFactory


@pytest.mark.parametrize("chosen", ["user-1", "a\0b", "9" * 30, "-1", "²", "1.5"])
def test_a_choice_that_is_no_row_is_shown_as_a_mistake(
    chosen: str, organization: Organization, browser: Browser
) -> None:
    browser.force_login(MembershipFactory.create(organization=organization, role=Membership.Role.OWNER).user)
    response = browser.post("/admin/success/task/add/", {"client": chosen, "title": "Call", "status": "todo"})
    assert response.status_code == 200
    assert list(response.context["errors"]) != []
