"""The pages behind the links of mails."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client as Browser

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category
from emails.consent import preferences_of, record_consent
from emails.models import Consent, MailPreference
from emails.models.preferences import Source
from emails.preference_links import preferences_url, unsubscribe_headers, unsubscribe_url
from tests.factories import ClientFactory

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ada(organization: Organization) -> Client:
    client: Client = ClientFactory.create(organization=organization, email="ada@example.org", language="en")
    return client


def preferences(client: Client) -> str:
    return preferences_url(client.organization_id, client.pk).removeprefix(settings.BASE_URL)


def unsubscribe(client: Client, category: Category = Category.WEEKLY) -> str:
    return unsubscribe_url(client.organization_id, client.pk, category).removeprefix(settings.BASE_URL)


def agree(client: Client, category: Category = Category.WEEKLY) -> None:
    with organization_scope(client.organization_id):
        record_consent(client, category=category, is_given=True, source=Source.STAFF, at=NOW)


def agreed(client: Client) -> dict[str, bool | None]:
    with organization_scope(client.organization_id):
        return {str(name): row.is_agreed if row else None for name, row in preferences_of(client).items()}


def words() -> list[tuple[str, bool, str, str]]:
    with all_organizations():
        rows = Consent.objects.order_by("id").values_list("category", "is_given", "frequency", "source")
        return [row for row in rows if row[3] != "staff"]


def test_the_headers_of_a_mail_let_programs_unsubscribe(ada: Client, browser: Browser) -> None:
    agree(ada)
    headers = unsubscribe_headers(ada.organization_id, ada.pk, Category.WEEKLY)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = headers["List-Unsubscribe"].strip("<>").removeprefix(settings.BASE_URL)
    for _ in range(2):
        response = Browser(enforce_csrf_checks=True).post(path, ONE_CLICK)
        assert (response.status_code, response.content, response.cookies) == (200, b"Unsubscribed.\n", {})
    assert words() == [("weekly", False, "weekly", "one_click")]
    assert agreed(ada) == {"weekly": False, "reminders": None, "feedback": None}


def test_one_click_may_be_sent_as_a_form_of_either_kind(ada: Client) -> None:
    agree(ada)
    response = Browser().post(
        unsubscribe(ada), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert (response.status_code, agreed(ada)["weekly"]) == (200, False)


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_a_link_changes_nothing(ada: Client, method: str) -> None:
    agree(ada)
    for path in (preferences(ada), unsubscribe(ada)):
        response = getattr(Browser(), method)(path)
        assert (response.status_code, response["Referrer-Policy"]) == (200, "no-referrer")
        assert ("no-store" in response["Cache-Control"], response["X-Robots-Tag"]) == (True, "noindex")
    assert (agreed(ada)["weekly"], words()) == (True, [])


def test_a_person_unsubscribes_with_one_button(ada: Client) -> None:
    agree(ada)
    browser = Browser(enforce_csrf_checks=True)
    page = browser.get(unsubscribe(ada)).content.decode()
    assert "“Weekly summary” from" in page
    assert "a\u2060…\u2060@example.org" in page
    assert "ada@example.org" not in page
    assert "You are unsubscribed" in browser.post(unsubscribe(ada), follow=True).content.decode()
    assert words() == [("weekly", False, "weekly", "unsubscribe_link")]


def test_a_link_stops_its_own_category_only(ada: Client) -> None:
    for category in Category:
        agree(ada, category)
    Browser().post(unsubscribe(ada, Category.REMINDERS), ONE_CLICK)
    assert agreed(ada) == {"weekly": True, "reminders": False, "feedback": True}


def test_nothing_is_ticked_before_the_client_was_asked(ada: Client) -> None:
    page = Browser().get(preferences(ada)).content.decode()
    assert (page.count('type="checkbox"'), page.count(" checked")) == (3, 0)


def test_choices_are_saved_and_shown(ada: Client) -> None:
    form = {"weekly": "on", "weekly-frequency": "monthly", "feedback": "on"}
    page = Browser(enforce_csrf_checks=True).post(preferences(ada), form, follow=True).content.decode()
    assert "Saved. It holds from now on." in page
    assert (page.count(" checked"), '<option value="monthly" selected>' in page) == (2, True)
    assert agreed(ada) == {"weekly": True, "reminders": False, "feedback": True}
    assert sorted(words()) == [
        ("feedback", True, "weekly", "preferences"),
        ("reminders", False, "weekly", "preferences"),
        ("weekly", True, "monthly", "preferences"),
    ]


def test_one_button_stops_everything(ada: Client) -> None:
    for category in Category:
        agree(ada, category)
    Browser().post(preferences(ada), {"weekly": "on", "feedback": "on", "stop": "1"})
    assert agreed(ada) == {"weekly": False, "reminders": False, "feedback": False}


@pytest.mark.parametrize("frequency", ["", "daily", "\0", "x" * 5000, "🙂"])
def test_a_frequency_that_there_is_not_leaves_it_as_it_is(ada: Client, frequency: str) -> None:
    assert Browser().post(preferences(ada), {"weekly": "on", "weekly-frequency": frequency}).status_code == 302
    assert ("weekly", True, "weekly", "preferences") in words()


@pytest.mark.parametrize("token", ["x", "%00", "x" * 3000, "🙂", "W10:abc", "WzEsMSwid2Vla2x5Il0"])
@pytest.mark.parametrize("page", ["preferences", "unsubscribe"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_was_never_handed_out_is_not_there(token: str, page: str, method: str, db: None) -> None:
    response = getattr(Browser(), method)(f"/mail/{page}/{token}", ONE_CLICK if method == "post" else {})
    assert response.status_code == 404
    assert "This link does not work" in response.content.decode()


def test_a_link_changed_by_hand_works_for_nobody(ada: Client, outsider: Organization) -> None:
    theirs = ClientFactory.create(organization=outsider)
    signature = unsubscribe(ada).rpartition(":")[2]
    forged = unsubscribe(theirs).rpartition(":")[0] + ":" + signature
    assert Browser().post(forged, ONE_CLICK).status_code == 404
    with all_organizations():
        assert MailPreference.objects.count() == 0


def test_an_organization_has_no_say_for_anothers_client(ada: Client, outsider: Organization) -> None:
    """Not even by a link that was signed: the client is looked up in the organization that it names."""
    foreign = unsubscribe_url(outsider.pk, ada.pk, Category.WEEKLY).removeprefix(settings.BASE_URL)
    missing = unsubscribe_url(outsider.pk, 987_654_321, Category.WEEKLY).removeprefix(settings.BASE_URL)
    answers = [Browser().post(path, ONE_CLICK) for path in (foreign, missing, "/mail/unsubscribe/x")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert agreed(ada)["weekly"] is None


def test_one_click_twice_at_once_is_one_word(committed_db: None) -> None:
    client = ClientFactory.create()
    agree(client)
    path = unsubscribe(client)
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(_click, [path] * 12)) == {200}
    assert words() == [("weekly", False, "weekly", "one_click")]


def _click(path: str) -> int:
    try:
        return Browser().post(path, ONE_CLICK).status_code
    finally:
        connection.close()


def test_a_link_to_all_categories_unsubscribes_from_none(ada: Client) -> None:
    agree(ada)
    path = preferences(ada).replace("/preferences/", "/unsubscribe/")
    assert Browser().post(path, ONE_CLICK).status_code == 404
    assert agreed(ada)["weekly"] is True


def test_the_link_of_a_merged_client_speaks_for_the_one_that_is_left(ada: Client, organization: Organization) -> None:
    former = ClientFactory.create(organization=organization)
    path = unsubscribe(former)
    agree(ada)
    with all_organizations():
        Client.objects.filter(pk=former.pk).update(merged_into=ada)
    assert Browser().post(path, ONE_CLICK).status_code == 200
    assert agreed(ada)["weekly"] is False


def test_an_archived_client_may_still_say_no(ada: Client) -> None:
    agree(ada)
    with all_organizations():
        Client.objects.filter(pk=ada.pk).update(status="archived")
    assert Browser().post(unsubscribe(ada), ONE_CLICK).status_code == 200
    assert agreed(ada)["weekly"] is False


def test_a_page_takes_as_many_queries_whatever_was_said(ada: Client, django_assert_num_queries: Any) -> None:
    for category in Category:
        agree(ada, category)
    with django_assert_num_queries(6):
        Browser().get(preferences(ada))


def test_a_client_who_changes_too_often_waits_and_can_stop_all_the_same(ada: Client) -> None:
    for number in range(20):
        form = {"weekly": "on"} if number % 2 else {}
        assert Browser().post(preferences(ada), form).status_code == 302
    kept = words()
    response = Browser().post(preferences(ada), {"feedback": "on"})
    assert (response.status_code, int(response["Retry-After"]) > 0) == (429, True)
    assert "is not saved" in response.content.decode()
    assert words() == kept
    assert Browser().post(preferences(ada), {"stop": "1"}).status_code == 302
    assert Browser().post(unsubscribe(ada), ONE_CLICK).status_code == 200
    assert set(agreed(ada).values()) == {False}


def test_a_closed_organizations_client_may_still_say_no(ada: Client) -> None:
    agree(ada)
    with all_organizations():
        Organization.objects.filter(pk=ada.organization_id).update(status="suspended")
    assert Browser().post(unsubscribe(ada), ONE_CLICK).status_code == 200
    assert agreed(ada)["weekly"] is False


def test_a_link_works_for_years(ada: Client) -> None:
    path = unsubscribe(ada)
    with time_machine.travel(NOW.replace(year=2036), tick=False):
        assert Browser().post(path, ONE_CLICK).status_code == 200
    assert agreed(ada)["weekly"] is False


def test_a_link_outlives_the_key_it_was_signed_with(ada: Client, settings: Any) -> None:
    path, former = unsubscribe(ada), settings.SECRET_KEY
    settings.SECRET_KEY = "another key, of an installation that changed its own"
    assert Browser().post(path, ONE_CLICK).status_code == 404
    settings.SECRET_KEY_FALLBACKS = [former]
    assert Browser().post(path, ONE_CLICK).status_code == 200


def test_what_others_wrote_is_shown_as_text(ada: Client) -> None:
    with all_organizations():
        Organization.objects.filter(pk=ada.organization_id).update(name="<script>Acme</script> & Söhne 🙂")
        Client.objects.filter(pk=ada.pk).update(email="<b>@example.org")
    for path in (preferences(ada), unsubscribe(ada)):
        page = Browser().get(path).content.decode()
        assert ("&lt;script&gt;Acme&lt;/script&gt; &amp; Söhne 🙂" in page, "<script>" in page) == (True, False)


def test_clients_read_their_pages_in_their_language(ada: Client) -> None:
    with all_organizations():
        Client.objects.filter(pk=ada.pk).update(language="de")
    assert "Mails, die Sie bekommen" in Browser().get(preferences(ada)).content.decode()
    assert "Abbestellen?" in Browser().get(unsubscribe(ada)).content.decode()
