import pytest
from django.contrib import admin
from django.test import Client as Browser

from accounts.admin_access import ForgivingList
from accounts.models import Membership, Organization
from tests.factories import MembershipFactory, UserFactory
from tests.sessions import sign_in


@pytest.mark.parametrize("chosen", ["user-1", "a\0b", "9" * 30, "-1", "²", "1.5"])
def test_a_choice_that_is_no_row_is_shown_as_a_mistake(
    chosen: str, organization: Organization, browser: Browser
) -> None:
    sign_in(browser, MembershipFactory.create(organization=organization, role=Membership.Role.OWNER).user)
    response = browser.post("/admin/success/task/add/", {"client": chosen, "title": "Call", "status": "todo"})
    assert response.status_code == 200
    assert list(response.context["errors"]) != []


@pytest.mark.parametrize("chosen", ["", "user-1", "a\0b", "9" * 5_000, "1.5"])
@pytest.mark.parametrize(
    ("rows", "action"),
    [
        ("accounts/client", "pause"), ("health/operatoralert", "acknowledge"),
        ("django_celery_beat/periodictask", "disable_tasks"),
    ],
)  # fmt: skip
def test_an_action_for_what_is_no_row_does_nothing(
    rows: str, action: str, chosen: str, db: None, browser: Browser
) -> None:
    sign_in(browser, UserFactory.create(is_staff=True, is_superuser=True))
    response = browser.post(f"/admin/{rows}/", {"action": action, "_selected_action": chosen}, follow=True)
    said = [str(message) for message in response.context["messages"]]
    assert said == ["Nothing was done: what was chosen are no rows of this list."]


def test_every_list_forgives() -> None:
    assert [str(model) for model, of_it in admin.site._registry.items() if not isinstance(of_it, ForgivingList)] == []


@pytest.mark.parametrize(
    "asked",
    [
        "accounts/apikey/?kind__exact=%00", "accounts/membership/?role__exact=x%00", "emails/outboxemail/?kind=%00",
        "emails/contact/?status=%00", "jobs/jobrun/?status__exact=%00", "success/score/?band__exact=%00",
        "telemetry/eventname/?base_type__exact=%00",
    ],
)  # fmt: skip
def test_a_filter_that_no_text_can_be_leads_to_the_whole_list(asked: str, db: None, browser: Browser) -> None:
    sign_in(browser, UserFactory.create(is_staff=True, is_superuser=True))
    response = browser.get(f"/admin/{asked}", follow=True)
    assert (response.redirect_chain, response.status_code) == ([(f"/admin/{asked.partition('?')[0]}?e=1", 302)], 200)
