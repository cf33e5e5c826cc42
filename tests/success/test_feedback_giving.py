from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.feedback.giving import TooEarlyForFeedbackError, give_feedback
from success.feedback.links import feedback_link
from success.models import Feedback, FeedbackRequest
from telemetry.models import Event
from tests.factories import ClientFactory

AT = datetime(2026, 11, 17, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NPS, CSAT = Feedback.Kind.NPS, Feedback.Kind.CSAT
DASHBOARD, LINK, API, STAFF = (Feedback.Channel(name) for name in ("dashboard", "link", "api", "staff"))


@pytest.fixture
def client(organization: Organization, outsider: Organization) -> Client:
    made: Client = ClientFactory.create(organization=organization, signed_up_at=AT - 400 * DAY)
    return made


def give(client: Client, **said: Any) -> Feedback:
    values: dict[str, Any] = {"kind": NPS, "rating": 9, "comment": "", "channel": DASHBOARD, "at": AT} | said
    with organization_scope(client.organization_id):
        return give_feedback(client, **values)


def given(*fields: str) -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Feedback.objects.order_by("id").values_list(*fields))


def ask(client: Client, kind: Feedback.Kind, at: datetime) -> None:
    with organization_scope(client.organization_id):
        feedback_link(client, kind, at=at)


def test_an_answer_is_kept_and_tracked(client: Client, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        feedback = give(client, comment=" Gut!\r\nWeiter so 🚀 ", at=AT)
    kept = (client.organization_id, client.pk, "nps", 9, "Gut!\nWeiter so 🚀", "dashboard", AT)
    assert given("organization", "client", "kind", "rating", "comment", "channel", "given_at") == [kept]
    with all_organizations():
        event = Event.objects.get()
    assert (event.client_id, event.base_type, event.occurred_at, event.message_id, event.data) == (
        client.pk, "feedback_given", AT, f"feedback-{feedback.pk}",
        {"kind": "nps", "rating": 9, "channel": "dashboard"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"rating": 11}, "rating", "not_on_scale"),
        ({"rating": -1}, "rating", "not_on_scale"),
        ({"rating": True}, "rating", "not_on_scale"),
        ({"kind": CSAT, "rating": 0}, "rating", "not_on_scale"),
        ({"kind": CSAT, "rating": 6}, "rating", "not_on_scale"),
        ({"comment": "a\0b"}, "comment", "nul"),
        ({"comment": "x" * 2_001}, "comment", "too_long"),
        ({"comment": "🚀" * 10_000}, "comment", "too_long"),
    ],
)
def test_what_cannot_be_is_refused(client: Client, said: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        give(client, channel=API, **said)
    assert {name: [error.code for error in errors] for name, errors in refused.value.error_dict.items()} == {
        field: [code]
    }
    assert given("id") == []


@pytest.mark.parametrize("said", [{"rating": 0}, {"kind": CSAT, "rating": 1}, {"comment": "🚀" * 2_000}])
def test_what_lies_at_the_edge_is_kept(client: Client, said: dict[str, Any]) -> None:
    give(client, channel=STAFF, **said)
    assert len(given("id")) == 1


def test_on_the_dashboard_only_what_is_due_is_answered_and_once(client: Client) -> None:
    with pytest.raises(TooEarlyForFeedbackError):
        give(client, kind=CSAT, rating=4)
    give(client)
    for at in (AT, AT + 89 * DAY):
        with pytest.raises(TooEarlyForFeedbackError):
            give(client, at=at)
    give(client, kind=CSAT, rating=4, at=AT + 90 * DAY)
    assert given("kind", "rating") == [("nps", 9), ("csat", 4)]


def test_history_can_be_entered_at_any_time(client: Client) -> None:
    young = ClientFactory.create(organization=client.organization, signed_up_at=AT)
    for channel in (API, STAFF):
        give(young, channel=channel, at=AT - DAY)
        give(young, channel=channel, kind=CSAT, rating=5, at=AT)
    assert given("channel") == [("api",), ("api",), ("staff",), ("staff",)]


def test_a_link_can_be_answered_until_it_expires_and_once(client: Client) -> None:
    with pytest.raises(TooEarlyForFeedbackError):
        give(client, channel=LINK)
    ask(client, NPS, AT)
    for at in (AT - DAY, AT + 30 * DAY):
        with pytest.raises(TooEarlyForFeedbackError):
            give(client, channel=LINK, at=at)
    with pytest.raises(TooEarlyForFeedbackError):
        give(client, channel=LINK, kind=CSAT, rating=4)
    last_moment = AT + 30 * DAY - timedelta(seconds=1)
    give(client, channel=LINK, at=last_moment)
    with pytest.raises(TooEarlyForFeedbackError):
        give(client, channel=LINK, at=last_moment)
    with all_organizations():
        assert FeedbackRequest.objects.get().answered_at == last_moment


@pytest.mark.parametrize("channel", [DASHBOARD, API, STAFF])
def test_an_answer_elsewhere_closes_the_link(client: Client, channel: Feedback.Channel) -> None:
    ask(client, NPS, AT)
    give(client, channel=channel, at=AT + DAY)
    with pytest.raises(TooEarlyForFeedbackError):
        give(client, channel=LINK, at=AT + 2 * DAY)
    assert given("channel") == [(channel,)]


def test_an_answer_from_before_the_asking_leaves_the_link_open(client: Client) -> None:
    ask(client, NPS, AT)
    give(client, channel=API, at=AT - DAY)
    give(client, channel=LINK, at=AT + DAY)
    assert given("given_at") == [(AT - DAY,), (AT + DAY,)]


@pytest.mark.parametrize("channel", [DASHBOARD, LINK])
def test_two_answers_at_once_are_one(committed_db: None, channel: Feedback.Channel) -> None:
    client = ClientFactory.create(signed_up_at=AT - 400 * DAY)
    if channel == LINK:
        ask(client, NPS, AT - DAY)
    together = Barrier(4)

    def answer(rating: int) -> int:
        together.wait(5)
        try:
            give(client, rating=rating, channel=channel)
        except TooEarlyForFeedbackError:
            return 0
        finally:
            connections.close_all()
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(answer, range(4))) == 1
    assert len(given("id")) == 1
    with all_organizations():
        assert Event.objects.count() == 1
