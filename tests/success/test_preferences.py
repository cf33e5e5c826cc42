from typing import Any, cast

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Client, Organization, User
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category
from emails.consent import preferences_of, record_consent
from emails.models import Consent
from emails.models.preferences import Source
from emails.preference_links import preferences_url, unsubscribe_url
from telemetry.models import Event
from tests.sessions import sign_in
from tests.success.access import reread
from tests.success.scored_clients import client_with_login

PAGE = "/client/preferences"


@pytest.fixture
def ada(db: None) -> Client:
    return client_with_login()


@pytest.fixture
def browser(ada: Client) -> Browser:
    return sign_in(Browser(headers={"Accept-Language": "en"}), ada.user)


def save(browser: Browser, language: str = "", zone: str = "") -> Any:
    return browser.post(PAGE, {"language": language, "timezone": zone})


def agreed(client: Client) -> dict[str, tuple[bool, str, str] | None]:
    with organization_scope(client.organization_id):
        known = preferences_of(client)
    return {str(name): (row.is_agreed, row.frequency, row.source) if row else None for name, row in known.items()}


def settings_updated() -> list[dict[str, Any]]:
    with all_organizations():
        return list(Event.objects.filter(name="settings_updated").values_list("data", flat=True))


def test_a_client_reads_in_the_chosen_language(browser: Browser, ada: Client) -> None:
    assert save(browser, language="de").headers["Location"] == PAGE
    page = browser.get(PAGE)
    assert (page["Content-Language"], '<html lang="de"' in page.content.decode()) == ("de", True)
    assert reread(ada).language == "de"


def test_without_a_choice_the_browser_decides(ada: Client) -> None:
    german = sign_in(Browser(headers={"Accept-Language": "de"}), ada.user)
    assert german.get(PAGE)["Content-Language"] == "de"


def test_a_change_is_an_event(browser: Browser, ada: Client, django_capture_on_commit_callbacks: Any) -> None:
    for language, zone in (("de", "Asia/Kathmandu"), ("de", "Asia/Kathmandu"), ("de", "")):
        with django_capture_on_commit_callbacks(execute=True):
            save(browser, language=language, zone=zone)
    assert settings_updated() == [{"changed": ["language", "timezone"]}, {"changed": ["timezone"]}]
    assert reread(ada).timezone is None


@pytest.mark.parametrize(
    ("language", "zone"), [("fr", ""), ("", "Mars/Olympus"), ("\0", ""), ("", "\0"), ("x" * 300, "")]
)
def test_what_is_not_offered_is_refused(browser: Browser, ada: Client, language: str, zone: str) -> None:
    answer = save(browser, language, zone)
    assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (200, True)
    assert (reread(ada).language, reread(ada).timezone) == ("", None)


def test_a_language_that_went_is_the_browsers_again(browser: Browser, ada: Client) -> None:
    with all_organizations():
        Client.objects.filter(pk=ada.pk).update(language="xx")
    assert browser.get(PAGE)["Content-Language"] == "en"


def test_the_chosen_values_stand_in_the_form(browser: Browser, ada: Client) -> None:
    save(browser, "en-gb", "Asia/Kathmandu")
    page = browser.get(PAGE).content.decode()
    assert '<option value="en-gb" lang="en-gb" selected>' in page
    assert '<option value="Asia/Kathmandu" selected>' in page
    assert page.count(" selected") == 3  # and how often the weekly mail comes at most


def test_nothing_is_ticked_before_the_client_said_so(browser: Browser, ada: Client) -> None:
    page = browser.get(PAGE).content.decode()
    assert (page.count('type="checkbox"'), page.count(" checked")) == (3, 0)
    save(browser, language="de")
    assert agreed(ada) == {"weekly": None, "reminders": None, "feedback": None}


def test_a_client_says_what_mail_is_welcome(
    browser: Browser, ada: Client, django_capture_on_commit_callbacks: Any
) -> None:
    form = {"mail": "1", "weekly": "on", "weekly-frequency": "fortnightly"}
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert browser.post(PAGE, form).headers["Location"] == PAGE
    assert agreed(ada) == {
        "weekly": (True, "fortnightly", "preferences"),
        "reminders": (False, "weekly", "preferences"),
        "feedback": (False, "weekly", "preferences"),
    }
    assert settings_updated() == [{"changed": ["mail"]}]
    with all_organizations():
        assert set(Consent.objects.values_list("actor", flat=True)) == {cast("User", ada.user).pk}
    assert browser.get(PAGE).content.decode().count(" checked") == 1


def test_saying_what_mail_is_welcome_needs_the_page_itself(ada: Client) -> None:
    elsewhere = sign_in(Browser(enforce_csrf_checks=True), ada.user)
    assert elsewhere.post(PAGE, {"mail": "1", "weekly": "on"}).status_code == 403
    assert agreed(ada)["weekly"] is None


def preferences_link(client: Client) -> str:
    return preferences_url(client.organization_id, client.pk).removeprefix(settings.BASE_URL)


def unsubscribe_link(client: Client) -> str:
    return unsubscribe_url(client.organization_id, client.pk, Category.WEEKLY).removeprefix(settings.BASE_URL)


def press(address: str, form: dict[str, str], capture: Any, *, status: int = 302) -> None:
    with capture(execute=True):
        Browser().get(address)
        assert Browser().post(address, form).status_code == status


def agree(client: Client) -> None:
    with organization_scope(client.organization_id):
        record_consent(client, category=Category.WEEKLY, is_given=True, source=Source.STAFF, at=timezone.now())


def test_choices_saved_by_the_link_in_a_mail_are_an_event_when_they_change_something(
    ada: Client, django_capture_on_commit_callbacks: Any
) -> None:
    for form in ({"weekly": "on"}, {"weekly": "on"}, {"stop": "1"}):
        press(preferences_link(ada), form, django_capture_on_commit_callbacks)
    assert settings_updated() == [{"changed": ["mail"]}] * 2


def test_a_person_who_unsubscribes_is_an_event(ada: Client, django_capture_on_commit_callbacks: Any) -> None:
    agree(ada)
    for _ in range(2):
        press(unsubscribe_link(ada), {}, django_capture_on_commit_callbacks)
    assert settings_updated() == [{"changed": ["mail"]}]


def test_a_mail_program_that_unsubscribes_is_none(ada: Client, django_capture_on_commit_callbacks: Any) -> None:
    agree(ada)
    form = {"List-Unsubscribe": "One-Click"}
    press(unsubscribe_link(ada), form, django_capture_on_commit_callbacks, status=200)
    assert (agreed(ada)["weekly"], settings_updated()) == ((False, "weekly", "one_click"), [])


@pytest.mark.parametrize("closed", ["client", "organization"])
def test_a_no_after_the_end_is_no_activity(ada: Client, closed: str, django_capture_on_commit_callbacks: Any) -> None:
    agree(ada)
    with all_organizations():
        if closed == "client":
            Client.objects.filter(pk=ada.pk).update(status="archived")
        else:
            Organization.objects.filter(pk=ada.organization_id).update(status="suspended")
    press(preferences_link(ada), {"stop": "1"}, django_capture_on_commit_callbacks)
    assert (agreed(ada)["weekly"], settings_updated()) == ((False, "weekly", "preferences"), [])
