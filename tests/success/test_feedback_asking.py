"""When a client is asked: the boundaries by the day, in the organization's timezone."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.models import Contact
from success.feedback.asking import decline_feedback, due_feedback
from success.feedback.giving import give_feedback
from success.feedback.links import ask_clients, feedback_link
from success.models import Feedback, FeedbackRequest
from telemetry.models import ClientActivity
from tests.factories import ClientFactory

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 17)
NOON = datetime.combine(TODAY, time(12), BERLIN)
NPS, CSAT = Feedback.Kind.NPS, Feedback.Kind.CSAT
STAFF, API = Feedback.Channel.STAFF, Feedback.Channel.API


def berlin(days_ago: int, at: time = time(12)) -> datetime:
    return datetime.combine(TODAY - timedelta(days=days_ago), at, BERLIN)


def client_since(organization: Organization, signed_up_at: datetime | None, **fields: Any) -> Client:
    made: Client = ClientFactory.create(organization=organization, signed_up_at=signed_up_at, **fields)
    return made


@pytest.fixture
def client(organization: Organization, outsider: Organization) -> Client:
    return client_since(organization, berlin(400))


def due(client: Client, *, as_of: datetime = NOON) -> Feedback.Kind | None:
    with organization_scope(client.organization_id):
        return due_feedback(client, as_of=as_of)


def answered(client: Client, kind: Feedback.Kind, at: datetime, channel: Feedback.Channel = STAFF) -> None:
    with organization_scope(client.organization_id):
        give_feedback(client, kind=kind, rating=4, comment="", channel=channel, at=at)


@pytest.mark.parametrize(
    ("signed_up_at", "expected"),
    [
        (berlin(30, time(23, 59)), NPS),
        (berlin(29, time(0)), None),
        (datetime(2026, 10, 18, 22, 30, tzinfo=UTC), None),  # the 19th in Berlin, 29 days ago
        (datetime(2026, 10, 17, 21, 59, tzinfo=UTC), NPS),
        (datetime(1, 1, 1, tzinfo=UTC), NPS),
        (datetime(9999, 12, 30, tzinfo=UTC), None),
    ],
)
def test_a_client_is_asked_from_30_days_on(
    organization: Organization, signed_up_at: datetime, expected: Feedback.Kind | None
) -> None:
    assert due(client_since(organization, signed_up_at)) == expected


def test_days_end_at_midnight_of_the_organization(organization: Organization) -> None:
    client = client_since(organization, berlin(30))
    assert due(client, as_of=berlin(0, time(0))) == NPS
    assert due(client, as_of=berlin(0, time(0)) - timedelta(seconds=1)) is None


def test_the_first_event_makes_a_client_older_than_its_sign_up(organization: Organization) -> None:
    client = client_since(organization, berlin(3))
    with all_organizations():
        ClientActivity.objects.create(organization=organization, client=client, first_at=berlin(31), last_at=berlin(1))
    assert due(client) == NPS


def test_without_a_sign_up_it_is_as_old_as_its_row(organization: Organization) -> None:
    client = client_since(organization, None)
    created_on = client.created_at.astimezone(BERLIN).date()
    for days, expected in ((29, None), (30, NPS)):
        assert due(client, as_of=datetime.combine(created_on + timedelta(days=days), time(1), BERLIN)) == expected


@pytest.mark.parametrize("status", ["paused", "archived"])
def test_who_is_not_active_is_not_asked(organization: Organization, status: str) -> None:
    assert due(client_since(organization, berlin(400), status=status)) is None


@pytest.mark.parametrize("kind", [NPS, CSAT])
@pytest.mark.parametrize(("days_ago", "at", "asks"), [(90, time(23, 59), True), (89, time(0), False)])
def test_an_answer_of_either_kind_gives_90_days_of_peace(
    client: Client, kind: Feedback.Kind, days_ago: int, at: time, asks: bool
) -> None:
    answered(client, kind, berlin(days_ago, at))
    assert (due(client) is not None) == asks


def test_the_kinds_take_turns(client: Client) -> None:
    asked = []
    for quarter in range(4):
        now = NOON + timedelta(days=90 * quarter)
        kind = due(client, as_of=now)
        assert kind is not None
        asked.append(kind)
        answered(client, kind, now, API)
        assert due(client, as_of=now + timedelta(days=89)) is None
    assert asked == [NPS, CSAT, NPS, CSAT]


def test_a_link_that_was_handed_out_counts_as_asked(client: Client) -> None:
    with organization_scope(client.organization_id):
        feedback_link(client, NPS, at=berlin(89))
    assert due(client) is None
    assert due(client, as_of=NOON + timedelta(days=1)) == CSAT


@pytest.mark.parametrize(
    ("status", "reason", "is_due"), [("sent", "", False), ("skipped", "outranked", True), ("failed", "", True)]
)
def test_a_question_in_a_mail_that_did_not_go_out_was_not_asked(
    client: Client, status: str, reason: str, is_due: bool
) -> None:
    at = berlin(7)
    with organization_scope(client.organization_id):
        ask_clients(client.organization_id, {client.pk: NPS}, at=at)
        Contact.objects.create(
            organization_id=client.organization_id, client=client, channel="email", kind="weekly-success",
            key="2026-11-09", priority=1, is_budgeted=True, decided_at=at, due_at=at, status=status, reason=reason,
        )  # fmt: skip
    assert due(client) == (NPS if is_due else None)


def test_declining_counts_as_asked_and_twice_is_once(client: Client) -> None:
    with organization_scope(client.organization_id):
        decline_feedback(client, CSAT, at=NOON)  # not what was asked
        decline_feedback(client, NPS, at=NOON)
        decline_feedback(client, NPS, at=NOON + timedelta(seconds=1))
        asked = list(FeedbackRequest.objects.values_list("kind", "channel", "asked_at", "declined_at", "answered_at"))
    assert asked == [("nps", "dashboard", NOON, NOON, None)]
    assert due(client, as_of=NOON + timedelta(days=89)) is None
    assert due(client, as_of=NOON + timedelta(days=90)) == CSAT


def test_others_answers_change_nothing(client: Client, outsider: Organization) -> None:
    with all_organizations():
        foreign = Client.objects.get(organization=outsider)
    answered(foreign, NPS, NOON)
    answered(ClientFactory.create(organization=client.organization), NPS, NOON)
    assert due(client) == NPS


def test_it_is_one_query_however_much_was_said(client: Client) -> None:
    for days in range(1, 6):
        answered(client, NPS, berlin(100 * days))
    with organization_scope(client.organization_id), CaptureQueriesContext(connection) as captured:
        assert due_feedback(client, as_of=NOON) == CSAT
    assert len(captured) == 1


def test_outside_of_its_scope_nobody_is_due(client: Client, outsider: Organization) -> None:
    with organization_scope(outsider.pk):
        assert due_feedback(client, as_of=NOON) is None
