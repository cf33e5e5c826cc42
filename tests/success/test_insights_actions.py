from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.insights.actions import UnknownInsightError, act_on_insight, dismiss_insight, read_insight
from success.insights.showing import shown_insights
from success.models import Insight
from telemetry.models import Event
from tests.success.histories import store
from tests.success.test_insights_writing import chain
from tests.success.test_scoring import BUSY, LATER, NOW, SILENT

Action = Callable[..., Insight]
MUCH_LATER = LATER + timedelta(days=1)
STEPS = [read_insight, act_on_insight, dismiss_insight]


@pytest.fixture
def insight(organization: Organization) -> Insight:
    store(organization, [SILENT])
    chain(organization)
    return an_insight_of(organization)


def an_insight_of(organization: Organization) -> Insight:
    with organization_scope(organization.pk):
        return Insight.objects.select_related("client").filter(kind="weekly_summary").get()


def do(action: Action, client: Client, insight_id: Any, capture: Any, *, at: Any = LATER) -> Insight:
    """As a request does: events follow the commit."""
    with capture(execute=True), organization_scope(client.organization_id):
        return action(client, insight_id, at=at)


def reviews(organization: Organization) -> list[tuple[Any, ...]]:
    with organization_scope(organization.pk):
        return list(Event.objects.values_list("name", "base_type", "client", "occurred_at", "message_id", "data"))


@pytest.mark.parametrize(
    ("action", "status", "acted_at", "dismissed_at"),
    [
        (read_insight, "read", None, None),
        (act_on_insight, "acted_on", LATER, None),
        (dismiss_insight, "dismissed", None, LATER),
    ],
)
def test_what_was_done_is_stamped_once_and_counts_as_read(
    insight: Insight,
    organization: Organization,
    action: Action,
    status: str,
    acted_at: Any,
    dismissed_at: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    for at in (LATER, MUCH_LATER):
        done = do(action, insight.client, insight.pk, django_capture_on_commit_callbacks, at=at)
        assert (done.status, done.read_at, done.acted_at, done.dismissed_at) == (status, LATER, acted_at, dismissed_at)
    data = {"insight": insight.pk, "kind": "weekly_summary"}
    message_id = f"insight-{insight.pk}-reviewed"
    assert reviews(organization) == [
        ("insight_reviewed", "insight_reviewed", insight.client_id, LATER, message_id, data)
    ]


def test_reading_acting_and_dismissing_are_one_review(
    insight: Insight, organization: Organization, django_capture_on_commit_callbacks: Any
) -> None:
    statuses = [
        do(step, insight.client, str(insight.pk), django_capture_on_commit_callbacks).status
        for step in (*STEPS, read_insight, act_on_insight)
    ]
    assert statuses == ["read", "acted_on", "dismissed", "dismissed", "dismissed"]
    assert len(reviews(organization)) == 1


def test_the_days_activity_counts_the_review(
    insight: Insight, organization: Organization, django_capture_on_commit_callbacks: Any
) -> None:
    do(read_insight, insight.client, insight.pk, django_capture_on_commit_callbacks)
    chain(organization, period_end=LATER.date() + timedelta(days=7), created_at=LATER + timedelta(days=7))
    with organization_scope(organization.pk):
        newest = Insight.objects.filter(kind="weekly_summary").latest("period_end")
    assert newest.evidence["events"] == 1


@pytest.mark.parametrize("action", STEPS)
@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "x",
        "1; DROP",
        "-1",
        "1.0",
        "٣",
        "9" * 19,
        "9" * 5000,
        "\x00",
        "1\x00",
        " 1",
        "💥",
        None,
        0,
        -1,
        2**63,
        10**30,
        4.0,
        True,
    ],
    ids=lambda value: repr(value)[:12],
)
def test_ids_that_are_none_are_unknown(
    scoped: Organization, client_of_acme: Client, action: Action, garbage: Any
) -> None:
    with pytest.raises(UnknownInsightError):
        action(client_of_acme, garbage, at=NOW)


def test_an_id_in_other_digits_is_unknown(insight: Insight, organization: Organization) -> None:
    arabic = str(insight.pk).translate({ord(str(n)): chr(0x660 + n) for n in range(10)})
    with organization_scope(organization.pk), pytest.raises(UnknownInsightError):
        read_insight(insight.client, arabic, at=NOW)


@pytest.mark.parametrize("action", STEPS)
def test_others_insights_are_unknown(
    insight: Insight, organization: Organization, outsider: Organization, client_of_acme: Client, action: Action
) -> None:
    store(outsider, [BUSY])
    chain(outsider)
    foreign = an_insight_of(outsider)
    for client, insight_id in [
        (client_of_acme, insight.pk),
        (insight.client, foreign.pk),
        (insight.client, foreign.pk + 99),
    ]:
        with organization_scope(organization.pk), pytest.raises(UnknownInsightError):
            action(client, insight_id, at=NOW)
    with all_organizations():
        assert set(Insight.objects.values_list("status", flat=True)) == {"unread"}


def test_dismissed_insights_are_shown_no_more_and_the_rest_by_urgency(organization: Organization) -> None:
    [client_id] = store(organization, [SILENT])
    chain(organization, period_end=NOW.date() - timedelta(days=7))
    chain(organization)
    with organization_scope(organization.pk):
        client = Client.objects.get(pk=client_id)
        shown = list(shown_insights(client, as_of=NOW))
        dismiss_insight(client, shown[0].pk, at=NOW)
        read_insight(client, shown[1].pk, at=NOW)
        left = list(shown_insights(client, as_of=NOW))
    week, before = NOW.date(), NOW.date() - timedelta(days=7)
    assert [(each.period_end, each.kind) for each in shown] == [
        (week, "recommendation"), (week, "weekly_summary"), (before, "recommendation"), (before, "weekly_summary")
    ]  # fmt: skip
    assert left == shown[1:]
