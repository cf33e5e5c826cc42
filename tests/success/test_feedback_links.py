"""The page behind a link from a mail: no cookie, no sign-in, one answer."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client as Browser
from time_machine import travel

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.feedback.giving import give_feedback
from success.feedback.links import SALT, feedback_link
from success.models import Feedback, FeedbackRequest
from tests.factories import ClientFactory

NOW = datetime(2026, 11, 17, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NPS, CSAT = Feedback.Kind.NPS, Feedback.Kind.CSAT


@pytest.fixture(autouse=True)
def _at_that_time() -> Any:
    with travel(NOW, tick=False):
        yield


@pytest.fixture
def client(organization: Organization, outsider: Organization) -> Client:
    made: Client = ClientFactory.create(organization=organization, name="Ada", signed_up_at=NOW - 400 * DAY)
    return made


@pytest.fixture
def mail_reader() -> Browser:
    return Browser(enforce_csrf_checks=True)


def link(client: Client, kind: Feedback.Kind = NPS, *, at: datetime = NOW, rating: int | None = None) -> str:
    with organization_scope(client.organization_id):
        return feedback_link(client, kind, at=at, rating=rating)


def rows() -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Feedback.objects.order_by("id").values_list("client", "kind", "rating", "comment", "channel"))


def page(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def checked(response: Any) -> list[str]:
    return re.findall(r'value="(\d+)" required checked', response.content.decode())


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(client: Client, mail_reader: Browser, method: str) -> None:
    path = link(client, rating=9)
    for _ in range(2):
        response = getattr(mail_reader, method)(path)
        assert (response.status_code, response["Cache-Control"][:9], response.cookies) == (200, "max-age=0", {})
    assert rows() == []
    with all_organizations():
        assert FeedbackRequest.objects.get().answered_at is None


@pytest.mark.parametrize(
    ("kind", "rating", "chosen", "numbers"),
    [(NPS, 9, ["9"], 11), (NPS, None, [], 11), (NPS, 0, ["0"], 11), (CSAT, 5, ["5"], 5), (CSAT, 0, [], 5)],
)
def test_the_page_asks_with_the_rating_chosen(
    client: Client, mail_reader: Browser, kind: Feedback.Kind, rating: int | None, chosen: list[str], numbers: int
) -> None:
    response = mail_reader.get(link(client, kind, rating=rating))
    assert checked(response) == chosen
    assert response.content.decode().count('type="radio"') == numbers
    assert client.organization.name in page(response)
    assert "Ada" not in page(response)


def test_an_answer_is_recorded_once_and_shown_again(client: Client, mail_reader: Browser) -> None:
    path = link(client)
    sent = mail_reader.post(path, {"rating": "10", "comment": "<b>Gut</b>\r\n🚀"})
    assert (sent.status_code, sent["Location"], sent.cookies) == (302, path, {})
    again = mail_reader.post(path, {"rating": "0", "comment": "other"})
    for shown in (mail_reader.get(path), again):
        assert "You answered 10 of 10." in page(shown)
        assert "&lt;b&gt;Gut&lt;/b&gt;<br>🚀" in shown.content.decode()
    assert rows() == [(client.pk, "nps", 10, "<b>Gut</b>\n🚀", "link")]


def test_what_was_answered_elsewhere_is_shown_behind_the_link(client: Client, mail_reader: Browser) -> None:
    path = link(client, at=NOW - DAY)
    with organization_scope(client.organization_id):
        give_feedback(client, kind=NPS, rating=7, comment="", channel=Feedback.Channel.DASHBOARD, at=NOW)
    assert "You answered 7 of 10." in page(mail_reader.get(path))


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({}, "Choose a number from 0 to 10."),
        ({"rating": "11"}, "Choose a number from 0 to 10."),
        ({"rating": "٣"}, "Choose a number from 0 to 10."),
        ({"rating": "9" * 5_000}, "Choose a number from 0 to 10."),
        ({"rating": "9", "comment": "x" * 10_000}, "The comment has 10000 characters; up to 2000 can be kept."),
        ({"rating": "9", "comment": "a\0b"}, "A comment cannot hold the character NUL."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    client: Client, mail_reader: Browser, said: dict[str, str], problem: str
) -> None:
    response = mail_reader.post(link(client), said)
    assert (response.status_code, problem in page(response)) == (400, True)
    assert said.get("comment", "").replace("\0", "") in response.content.decode().replace("\0", "")
    assert checked(response) == (["9"] if said.get("rating") == "9" else [])
    assert rows() == []


def test_a_link_ends_after_30_days(client: Client, mail_reader: Browser) -> None:
    path = link(client, at=NOW - 30 * DAY)
    for response in (mail_reader.get(path), mail_reader.post(path, {"rating": "9"})):
        assert (response.status_code, "This question is closed" in page(response)) == (410, True)
    almost = link(client, at=NOW - 30 * DAY + timedelta(seconds=1))
    assert mail_reader.get(almost).status_code == 200
    assert rows() == []


def forged(client: Client, outsider: Organization) -> dict[str, str]:
    path = link(client)
    with all_organizations():
        asked = FeedbackRequest.objects.get()
    good = [client.organization_id, asked.pk, None]
    return {
        "cut": path[:-1],
        "longer": f"{path}x",
        "other payload": f"/feedback/{signing.dumps([*good[:2], 9], salt=SALT).split(':')[0]}:{path.split(':', 1)[1]}",
        "other salt": f"/feedback/{signing.dumps(good, salt='success.other')}",
        "other key": f"/feedback/{signing.dumps(good, salt=SALT, key='other')}",
        "other organization": f"/feedback/{signing.dumps([outsider.pk, asked.pk, None], salt=SALT)}",
        "no such request": f"/feedback/{signing.dumps([client.organization_id, 2**40, None], salt=SALT)}",
        "no such organization": f"/feedback/{signing.dumps([2**40, asked.pk, None], salt=SALT)}",
        "another shape": f"/feedback/{signing.dumps([1], salt=SALT)}",
        "nonsense": "/feedback/%00%F0%9F%9A%80",
    }


def test_forged_links_are_all_the_same_calm_page(client: Client, outsider: Organization, mail_reader: Browser) -> None:
    answers = {}
    for name, path in forged(client, outsider).items():
        for method in ("get", "post"):
            response = getattr(mail_reader, method)(path, {"rating": "9"})
            answers[name, method] = (response.status_code, page(response))
    assert {status for status, _ in answers.values()} == {404}, answers
    assert len({text for _, text in answers.values()}) == 1
    assert rows() == []


@pytest.mark.parametrize("closed", ["organization", "client"])
def test_a_link_of_who_is_gone_is_unknown(client: Client, mail_reader: Browser, closed: str) -> None:
    path = link(client)
    with all_organizations():
        if closed == "organization":
            Organization.objects.filter(pk=client.organization_id).update(status="suspended")
        else:
            Client.objects.filter(pk=client.pk).update(status="archived")
    assert mail_reader.get(path).status_code == 404


def test_a_token_tells_nothing_but_numbers(client: Client) -> None:
    with all_organizations():
        payload = signing.loads(link(client, rating=9).removeprefix("/feedback/"), salt=SALT)
        assert payload == [client.organization_id, FeedbackRequest.objects.get().pk, 9]


def test_the_links_of_one_asking_share_a_request(client: Client) -> None:
    links = {link(client, rating=rating) for rating in range(11)}
    link(client, at=NOW + DAY)
    with all_organizations():
        assert (len(links), FeedbackRequest.objects.count()) == (11, 2)


def test_the_page_speaks_the_clients_language_and_else_the_readers(client: Client, mail_reader: Browser) -> None:
    path = link(client)
    german = {"accept-language": "de"}
    assert '<html lang="de"' in mail_reader.get(path, headers=german).content.decode()
    with all_organizations():
        Client.objects.filter(pk=client.pk).update(language="en")
    assert '<html lang="en"' in mail_reader.get(path, headers=german).content.decode()


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_not_allowed(client: Client, mail_reader: Browser, method: str) -> None:
    assert getattr(mail_reader, method)(link(client)).status_code == 405
