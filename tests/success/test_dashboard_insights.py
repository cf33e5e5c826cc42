from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.utils.html import strip_tags

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from success.models import Insight
from telemetry.models import Event
from tests.sessions import sign_in
from tests.success.scored_clients import NOW, PERIOD_END, client_with_login, login_of
from tests.success.told_clients import add_insight, add_insights

PAGE = "/client/dashboard/success"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ada(db: None) -> Client:
    return client_with_login(organization_fields={"app_url": "https://app.acme.example/today"})


def signed_in(client: Client) -> Browser:
    return sign_in(Browser(), login_of(client))


def words(text: bytes | str) -> str:
    text = text.decode() if isinstance(text, bytes) else text
    return " ".join(strip_tags(text.replace("<", " <")).split())


def stamps(insight: Insight) -> tuple[bool, bool, bool]:
    """Read, acted on, dismissed."""
    with all_organizations():
        insight.refresh_from_db()
    return bool(insight.read_at), bool(insight.acted_at), bool(insight.dismissed_at)


def test_the_newest_week_is_told_in_full_and_older_ones_are_folded(ada: Client) -> None:
    add_insights(ada, 7)
    page = signed_in(ada).get(PAGE).content.decode()
    insights = page[page.index('id="insights"') :].split("</section>")[0]
    newest, older = insights.split('<div class="weeks">')
    assert newest.count('class="insight ') == 5
    assert older.count('class="insight ') == 2
    assert "December 29 to January 4 2 insights, 2 new" in words(older)
    assert "7 new" in words(newest)


def test_an_insight_shows_its_kind_importance_text_and_evidence(ada: Client) -> None:
    add_insight(ada, "recommendation", priority=Insight.Priority.HIGH, action_url="https://app.acme.example/today/x")
    text = words(signed_in(ada).get(PAGE).content)
    assert (
        "Recommendation · Important · New A quiet week, January 5 to January 11"
        " You were active on 4 days with 12 events; in the week before there were 8 events."
        " Every active day counts towards your score; a short visit is enough."
        " What this rests on Active days 4 Events 12 Events in the week before 8"
        " Pick up where you left off Mark as read Dismiss"
    ) in text


def test_dismissed_and_expired_ones_and_those_of_others_are_not_shown(ada: Client, outsider: Organization) -> None:
    add_insight(ada, "tip", dismissed_at=NOW)
    add_insight(ada, "milestone", expires_at=NOW)
    add_insight(client_with_login("grace", organization=ada.organization, external_id="user-2"), "achievement")
    assert "Once a week you find a short summary here" in words(signed_in(ada).get(PAGE).content)


def test_no_more_than_thirty_are_shown_and_the_rest_is_counted(ada: Client) -> None:
    add_insights(ada, 50)
    page = signed_in(ada).get(PAGE).content.decode()
    assert page.count('class="insight ') == 30
    assert "20 older insights show here once you dismiss some of these." in words(page)


@pytest.mark.parametrize(
    ("action", "expected", "anchor"),
    [
        ("read", (True, False, False), "#insight-{pk}"),
        ("dismiss", (True, False, True), "#insights"),
        ("act", (True, True, False), "#why"),
    ],
)
def test_an_action_is_recorded_and_leads_back(
    ada: Client, action: str, expected: tuple[bool, bool, bool], anchor: str
) -> None:
    insight = add_insight(ada)
    response = signed_in(ada).post(f"/client/insights/{insight.pk}/{action}")
    assert (response.status_code, response["Location"]) == (302, PAGE + anchor.format(pk=insight.pk))
    assert stamps(insight) == expected


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/client/feedback", "/client/feedback"),
        ("https://app.acme.example/today/x?y=1", "https://app.acme.example/today/x?y=1"),
        ("https://app.acme.example.evil.example/", None),
        ("https://app.acme.example@evil.example/", None),
        ("https://app.acme.example:8443/", None),
        ("http://app.acme.example/", None),
        ("//evil.example/", None),
        ("/\\evil.example/", None),
        ("\\\\evil.example/", None),
        ("/\t/evil.example/", None),
        ("javascript:alert(1)", None),
        ("https://[bad", None),
        ("", None),
    ],
)
def test_acting_leads_only_to_own_pages_and_the_organizations_application(
    ada: Client, url: str, location: str | None
) -> None:
    insight = add_insight(ada, action_url=url)
    browser = signed_in(ada)
    assert (f"insights/{insight.pk}/act" in browser.get(PAGE).content.decode()) is (location is not None)
    response = browser.post(f"/client/insights/{insight.pk}/act")
    assert response["Location"] == (location or f"{PAGE}#insight-{insight.pk}")


@pytest.mark.parametrize(
    ("app_url", "form_action"),
    [
        ("https://app.acme.example:8443/today?x=1", "'self' https://app.acme.example:8443"),
        ("https://app.büro.example/", "'self' https://app.xn--bro-hoa.example"),
        ("", "'self'"),
        ("https://a;script-src *", "'self'"),
        ("ftp://files.example/", "'self'"),
        ("https://user@app.example/", "'self'"),
    ],
)
def test_forms_of_the_page_may_end_at_the_application_and_nowhere_else(
    db: None, app_url: str, form_action: str
) -> None:
    client = client_with_login(organization_fields={"app_url": app_url})
    policy = signed_in(client).get(PAGE)["Content-Security-Policy"]
    assert dict(part.split(" ", 1) for part in policy.split("; ")) == {
        "default-src": "'self'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": form_action,
        "frame-ancestors": "'none'",
    }


def test_with_htmx_only_the_section_comes_back_with_words_and_focus(ada: Client) -> None:
    insight = add_insight(ada)
    response = signed_in(ada).post(f"/client/insights/{insight.pk}/read", headers=HTMX)
    body = response.content.decode()
    assert body.startswith('<section class="card insights" id="insights"')
    assert f'<h3 id="insight-{insight.pk}" tabindex="-1" autofocus>' in body
    assert body.strip().endswith('<p id="said" hx-swap-oob="innerHTML">Marked as read.</p>')
    assert "<html" not in body


@pytest.mark.parametrize(("dismissed", "focused"), [(0, 1), (1, 2), (2, 1)])
def test_after_a_dismissal_the_focus_goes_to_the_neighbour(ada: Client, dismissed: int, focused: int) -> None:
    # In the order of the page: the same priority, then by kind.
    insights = [add_insight(ada, kind) for kind in ("achievement", "milestone", "tip")]
    response = signed_in(ada).post(f"/client/insights/{insights[dismissed].pk}/dismiss", headers=HTMX)
    body = response.content.decode()
    assert f'<h3 id="insight-{insights[focused].pk}" tabindex="-1" autofocus>' in body
    assert body.count("autofocus") == 1


def test_an_older_week_stays_open_when_the_focus_is_in_it(ada: Client) -> None:
    add_insight(ada)
    old = add_insight(ada, period_end=PERIOD_END - timedelta(weeks=1))
    response = signed_in(ada).post(f"/client/insights/{old.pk}/read", headers=HTMX)
    assert '<div class="weeks"><details open>' in response.content.decode()


def test_after_the_last_dismissal_the_heading_has_the_focus(ada: Client) -> None:
    insight = add_insight(ada)
    body = signed_in(ada).post(f"/client/insights/{insight.pk}/dismiss", headers=HTMX).content.decode()
    assert '<h2 id="insights-heading" tabindex="-1" autofocus>' in body
    assert "Nothing new to tell you." in words(body)


def test_the_first_reading_is_tracked_once(ada: Client, django_capture_on_commit_callbacks: Any) -> None:
    insight = add_insight(ada)
    browser = signed_in(ada)
    with django_capture_on_commit_callbacks(execute=True):
        for action in ("read", "read", "act", "dismiss"):
            browser.post(f"/client/insights/{insight.pk}/{action}")
    with all_organizations():
        assert list(Event.objects.values_list("client_id", "name")) == [(ada.pk, "insight_reviewed")]
