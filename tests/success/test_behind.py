"""What stands behind the counts of a receipt, against the counts that the score stored."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.behind import (
    Behind,
    DayCount,
    UnknownPartError,
    answers_behind,
    behind,
    counted_by,
    days_behind,
    events_behind,
    link,
    tasks_behind,
)
from success.models import Component, Feedback, Score, Task
from success.receipts import COUNTED
from success.scoring import score_clients
from telemetry.incoming import IncomingEvent
from telemetry.partitions import create_partitions, retire_month
from telemetry.recording import record_events

NOW = datetime(2026, 11, 16, 7, tzinfo=UTC)
PERIOD_END = date(2026, 11, 16)
NAMES = ["login", "content_generated", "visual_created", "audit_created", "launch_kit_viewed", "Something Else"]
NAMES += ["export_downloaded", "dashboard_login"]
EVENT_PARTS = [(c, part) for c, part in COUNTED if part not in ("tasks", "answers", "active_days", "launch_kit")]


def event(name: str, *, at: datetime, number: object = 0, client: str = "user-1") -> IncomingEvent:
    return IncomingEvent(message_id=f"m{number}", name=name, external_id=client, stated_at=at)


def record(organization: Organization, *events: IncomingEvent, received_at: datetime = NOW) -> None:
    create_partitions(received_at.date(), months=1)
    record_events(organization.pk, events, received_at=received_at)


def scores(organization: Organization, period_end: date = PERIOD_END) -> list[Score]:
    """Computed now; needs the scope."""
    score_clients(organization.pk, period_end=period_end, computed_at=NOW)
    return list(Score.objects.filter(period_end=period_end).order_by("pk"))


def random_events(dice: random.Random, count: int = 500) -> list[IncomingEvent]:
    """Half of them within an hour of a midnight of Berlin, where a day is easily missed by one."""
    midnight = datetime(2026, 11, 16, tzinfo=ZoneInfo("Europe/Berlin"))
    return [
        event(
            dice.choice(NAMES),
            at=(midnight - timedelta(days=dice.randrange(70))).astimezone(UTC)
            + timedelta(seconds=dice.randint(-3600, 3600) if dice.random() < 0.5 else dice.randrange(86_400)),
            number=number,
            client=f"user-{dice.randrange(4)}",
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Asia/Kathmandu"])
def test_the_events_behind_every_count_are_as_many_as_it_says(
    organization: Organization, outsider: Organization, zone: str
) -> None:
    with all_organizations():
        organization.timezone = ZoneInfo(zone)
        organization.save()
    events = random_events(random.Random(zone))
    record(organization, *events)
    record(outsider, *events)
    with organization_scope(organization.pk):
        for score in scores(organization):
            found = {(c, part): events_behind(score, c, part).count() for c, part in EVENT_PARTS}
            assert found == {(c, part): counted_by(score, part) for c, part in EVENT_PARTS}
            assert all(behind(score, part).since == 0 for _, part in EVENT_PARTS)
            days = {event.day for event in events_behind(score, Component.ENGAGEMENT, "active_days")}  # type: ignore[attr-defined]
            assert len(days) == score.active_days_30
            assert {day.day for day in days_behind(score, "active_days")} == days
            kit = events_behind(score, Component.ACTIVATION, "launch_kit")
            assert kit.exists() == score.launch_kit_viewed
            assert behind(score, "launch_kit").since == 0


def test_a_day_ends_at_local_midnight_when_clocks_go_back(organization: Organization) -> None:
    """In Newfoundland of 2010 clocks went back from 0:01 to 23:01: one day began twice."""
    with all_organizations():
        organization.timezone = ZoneInfo("America/St_Johns")
        organization.save()
    first_midnight = datetime(2010, 11, 7, 2, 30, tzinfo=UTC)
    moments = [first_midnight + timedelta(minutes=minutes, seconds=30) for minutes in (-1, 0, 30, 61)]
    record(organization, *(event("login", at=at, number=n) for n, at in enumerate(moments)))
    with organization_scope(organization.pk):
        [score] = scores(organization, date(2010, 11, 7))
        events = events_behind(score, Component.MOMENTUM, "movement").order_by("occurred_at")
        assert [found.occurred_at for found in events] == [moments[0], moments[2]]
        assert score.events_week == 2


def test_what_came_in_since_is_told_apart(organization: Organization) -> None:
    record(organization, event("login", at=NOW - timedelta(days=3)))
    with organization_scope(organization.pk):
        [score] = scores(organization)
    record(organization, event("login", at=NOW - timedelta(days=4), number=1), received_at=NOW + timedelta(hours=1))
    with organization_scope(organization.pk):
        assert behind(score, "events") == Behind(counted=1, found=2, single=2, dropped=[])
        assert behind(score, "active_days").since == 1
        assert behind(score, "content").since == 0


def test_the_events_of_a_merged_client_are_among_them(organization: Organization) -> None:
    record(organization, event("login", at=NOW - timedelta(days=3)))
    record(organization, event("login", at=NOW - timedelta(days=3), number=1, client="user-2"))
    alias = IncomingEvent(
        message_id="alias", name="", call="alias", external_id="user-1", stated_at=NOW, data={"previousId": "user-2"}
    )
    record(organization, alias)
    with organization_scope(organization.pk):
        [score] = scores(organization)
        assert (score.events_30, events_behind(score, Component.ENGAGEMENT, "events").count()) == (2, 2)


def test_of_dropped_months_the_counts_by_day_are_left(organization: Organization) -> None:
    old = datetime(2026, 10, 20, 12, tzinfo=UTC)
    record(organization, *(event("login", at=old, number=n) for n in range(3)), received_at=old)
    record(organization, event("login", at=NOW - timedelta(days=1), number=9))
    with organization_scope(organization.pk):
        [score] = scores(organization)
    with all_organizations():
        retire_month(date(2026, 10, 1))
    with organization_scope(organization.pk):
        assert behind(score, "events") == Behind(
            counted=4, found=4, single=1, dropped=[DayCount(date(2026, 10, 20), 3)]
        )
        assert behind(score, "high_value").dropped == []
        assert behind(score, "active_days") == Behind(counted=2, found=2, single=2, dropped=())
        assert days_behind(score, "active_days")[0] == DayCount(date(2026, 10, 20), 3)


def test_less_than_was_counted_is_told_too(organization: Organization) -> None:
    record(organization, event("content_generated", at=NOW - timedelta(days=1)))
    with organization_scope(organization.pk):
        [score] = scores(organization)
        score.content_30 = 3
        assert behind(score, "content").since == -2


def test_tasks_and_answers_are_those_of_before_the_period_end(
    client_of_acme: Client, organization: Organization
) -> None:
    berlin_midnight = datetime(2026, 11, 15, 23, tzinfo=UTC)
    second = timedelta(seconds=1)
    with organization_scope(organization.pk):
        Client.objects.update(created_at=NOW - timedelta(days=90))
        for made, done in [(0, -1), (0, 0), (-1, None)]:
            Task.objects.create(
                organization=organization, client=client_of_acme, title=f"{made} {done}", is_onboarding=True,
                status="todo" if done is None else "done", created_at=berlin_midnight - timedelta(days=9),
                updated_at=NOW, completed_at=None if done is None else berlin_midnight + done * second,
            )  # fmt: skip
        Task.objects.create(
            organization=organization, client=client_of_acme, title="later", is_onboarding=True,
            created_at=berlin_midnight, updated_at=NOW,
        )  # fmt: skip
        for at in (berlin_midnight, berlin_midnight - second, berlin_midnight - timedelta(days=180, hours=2)):
            Feedback.objects.create(organization=organization, client=client_of_acme, kind="nps", rating=9, given_at=at)
        [score] = scores(organization)
        tasks = [(task.title, task.was_done) for task in tasks_behind(score).order_by("pk")]  # type: ignore[attr-defined]
        assert tasks == [("0 -1", True), ("0 0", False), ("-1 None", False)]
        assert (score.onboarding_done, score.onboarding_tasks) == (1, 3)
        assert answers_behind(score).count() == score.feedback_180 == 1


@pytest.mark.parametrize("part", ["tasks", "nonsense", "", "\0"])
def test_what_no_event_is_counted_for_is_refused(client_of_acme: Client, scoped: Organization, part: str) -> None:
    with pytest.raises(UnknownPartError):
        events_behind(Score(period_end=PERIOD_END), Component.ACTIVATION, part)


def test_a_part_belongs_to_its_component(scoped: Organization) -> None:
    with pytest.raises(UnknownPartError):
        events_behind(Score(period_end=PERIOD_END), Component.PROGRESS, "events")


def test_a_link_names_the_part_and_the_period() -> None:
    assert link(Score(period_end=PERIOD_END), "events") == (
        "/client/dashboard/success/events?part=events&period=2026-11-16"
    )
