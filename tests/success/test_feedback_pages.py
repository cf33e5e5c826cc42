"""Where the form on the client's own pages goes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from time_machine import travel

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from success.models import Feedback, FeedbackRequest
from tests.factories import ClientFactory, UserFactory
from tests.sessions import sign_in

NOW = datetime(2026, 11, 17, 12, tzinfo=UTC)
PLACE, DECLINE = "/client/feedback", "/client/feedback/decline"
HTMX = {"hx-request": "true"}


@pytest.fixture(autouse=True)
def _at_that_time() -> Any:
    with travel(NOW, tick=False):
        yield


@pytest.fixture
def ada(organization: Organization, outsider: Organization) -> Client:
    signed_up_at = NOW - timedelta(days=400)
    made: Client = ClientFactory.create(organization=organization, user=UserFactory.create(), signed_up_at=signed_up_at)
    return made


@pytest.fixture
def pages(ada: Client, browser: Browser) -> Browser:
    return sign_in(browser, ada.user)


def given() -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Feedback.objects.values_list("client", "kind", "rating", "comment", "channel", "given_at"))


def test_what_is_due_is_asked_and_answered(pages: Browser, ada: Client) -> None:
    asked = pages.get(PLACE)
    assert "How likely are you to recommend" in asked.content.decode()
    assert "csrfmiddlewaretoken" in asked.content.decode()
    response = pages.post(PLACE, {"kind": "nps", "rating": "8", "comment": "Good"})
    assert (response.status_code, response["Location"]) == (302, "/client/dashboard/success")
    assert given() == [(ada.pk, "nps", 8, "Good", "dashboard", NOW)]
    assert "Nothing to answer at the moment" in pages.get(PLACE).content.decode()


def test_htmx_gets_the_part_of_the_page(pages: Browser, ada: Client) -> None:
    problem = pages.post(PLACE, {"kind": "nps", "comment": "Good"}, headers=HTMX).content.decode()
    assert "Choose a number from 0 to 10." in problem
    assert ">\nGood</textarea>" in problem
    thanks = pages.post(PLACE, {"kind": "nps", "rating": "8"}, headers=HTMX).content.decode()
    assert "You answered 8 of 10." in thanks
    again = pages.post(PLACE, {"kind": "nps", "rating": "1"}, headers=HTMX).content.decode()
    assert "Your answer is already recorded." in again
    assert "<html" not in problem + thanks + again
    assert [row[2] for row in given()] == [8]


def test_what_is_wrong_is_said(pages: Browser, ada: Client) -> None:
    response = pages.post(PLACE, {"kind": "nps", "rating": "x", "comment": "Good"})
    assert (response.status_code, "Choose a number from 0 to 10." in response.content.decode()) == (400, True)
    for kind in ("", "x", "\0"):
        assert pages.post(PLACE, {"kind": kind, "rating": "1"}).status_code == 302
    assert pages.post(PLACE, {"kind": "csat", "rating": "4"}).status_code == 302  # not what was asked
    assert given() == []


@pytest.mark.parametrize(("headers", "status"), [({}, 302), (HTMX, 200)])
def test_declining_ends_the_asking(pages: Browser, ada: Client, headers: dict[str, str], status: int) -> None:
    response = pages.post(DECLINE, {"kind": "nps"}, headers=headers)
    assert response.status_code == status
    assert "Nothing to answer at the moment" in pages.get(PLACE).content.decode()
    with all_organizations():
        assert list(FeedbackRequest.objects.values_list("client", "kind", "declined_at")) == [(ada.pk, "nps", NOW)]


@pytest.mark.parametrize("path", [PLACE, DECLINE])
def test_only_the_client_itself_may(ada: Client, path: str) -> None:
    said = {"kind": "nps", "rating": "8"}
    stranger = Browser()
    assert stranger.post(path, said)["Location"].startswith("/client/sign-in")
    staff = sign_in(Browser(), UserFactory.create(is_staff=True))
    assert staff.post(path, said).status_code == 403
    elsewhere = sign_in(Browser(enforce_csrf_checks=True), ada.user)
    assert elsewhere.post(path, said).status_code == 403
    with all_organizations():
        assert not Feedback.objects.exists()
        assert not FeedbackRequest.objects.exists()
