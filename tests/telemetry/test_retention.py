from datetime import UTC, date, datetime
from io import StringIO

import psycopg
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import override_settings
from psycopg.errors import LockNotAvailable

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope
from jobs.definitions import WorkUnit
from jobs.periods import Every
from telemetry.jobs import event_months
from telemetry.models import Event, RetiredActivity
from telemetry.partitions import create_partitions, retire_month, stored_months
from telemetry.rebuilding import activity_differences
from telemetry.recording import record_events
from telemetry.retention import RetiredMonth, drop_old_events, prepare_months
from tests.telemetry.histories import START, activity, event, record, record_history

MARCH = date(2026, 3, 1)
JUNE = date(2026, 6, 15)


def months_of(organization: Organization) -> list[date]:
    with organization_scope(organization.pk):
        return sorted(set(Event.objects.values_list("received_month", flat=True)))


def test_dropping_months_leaves_activity_as_it_was(organization: Organization, outsider: Organization) -> None:
    record_history(organization, seed=1)
    record_history(outsider, seed=2, events=30)
    before = activity(organization), activity(outsider)
    dropped = drop_old_events(as_of=JUNE, keep_months=1)
    assert [month.month for month in dropped] == [date(2026, 3, 1), date(2026, 4, 1)]
    assert months_of(organization)[0] == date(2026, 5, 1)
    assert (activity(organization), activity(outsider)) == before
    for tenant in (organization, outsider):
        with organization_scope(tenant.pk):
            assert activity_differences(tenant.pk) == []


def test_dropping_twice_drops_once(organization: Organization) -> None:
    record(organization, event("login", message_id="1"))
    assert drop_old_events(as_of=JUNE, keep_months=2) == [RetiredMonth(MARCH, 1)]
    assert drop_old_events(as_of=JUNE, keep_months=2) == []


def test_two_months_of_one_day_are_added_up(organization: Organization) -> None:
    record(organization, event("login", message_id="1", at=START))
    record(organization, event("login", message_id="2", at=START), received_at=START.replace(month=4))
    drop_old_events(as_of=JUNE, keep_months=1)
    with organization_scope(organization.pk):
        assert list(RetiredActivity.objects.values_list("day", "total", "login")) == [(MARCH, 2, 2)]


def test_the_last_months_are_kept(organization: Organization) -> None:
    record(organization, event("login", message_id="1"))
    assert drop_old_events(as_of=date(2026, 4, 30), keep_months=1) == []
    with pytest.raises(ValueError, match="At least one"):
        drop_old_events(as_of=JUNE, keep_months=0)


def test_what_waited_without_a_partition_moves_into_it(organization: Organization, outsider: Organization) -> None:
    record_events(organization.pk, [event("login", message_id="1")], received_at=START)
    record_events(outsider.pk, [event("login", message_id="1")], received_at=START)
    before = activity(organization)
    assert create_partitions(MARCH, months=2) == 2
    assert create_partitions(MARCH, months=2) == 0
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, organization_id FROM telemetry_event ORDER BY 2")
        assert cursor.fetchall() == [
            ("telemetry_event_2026_03", organization.pk),
            ("telemetry_event_2026_03", outsider.pk),
        ]
    with organization_scope(organization.pk):
        assert activity_differences(organization.pk) == []
    assert activity(organization) == before
    assert record(organization, event("login", message_id="1")).duplicate == 1


def test_what_never_had_a_partition_is_dropped_too(organization: Organization) -> None:
    record_events(organization.pk, [event("login", message_id="1")], received_at=START)
    before = activity(organization)
    assert drop_old_events(as_of=JUNE, keep_months=1) == [RetiredMonth(MARCH, 1)]
    assert activity(organization) == before
    assert months_of(organization) == []


def test_a_new_partition_is_isolated_when_it_is_addressed_by_name(organization: Organization) -> None:
    record(organization, event("login", message_id="1"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM telemetry_event_2026_03")
        assert cursor.fetchone() == (0,)


def test_the_scope_of_the_caller_is_left_as_it_was(organization: Organization, outsider: Organization) -> None:
    record(organization, event("login", message_id="1"))
    with organization_scope(outsider.pk):
        create_partitions(date(2026, 4, 1), months=1)
        retire_month(MARCH)
        retire_month(MARCH)
        assert not RetiredActivity.objects.exists()


def test_a_month_that_is_not_over_cannot_be_dropped(db: None) -> None:
    this_month = datetime.now(UTC).date().replace(day=1)
    with pytest.raises(DatabaseError, match="is not over"), transaction.atomic():
        retire_month(this_month)
    with all_organizations():
        assert this_month in stored_months()


def test_nothing_can_be_dropped_without_being_folded(db: None) -> None:
    with pytest.raises(DatabaseError, match="must be owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE telemetry_event_other")
    with pytest.raises(DatabaseError, match="does not exist"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT telemetry_drop_partition('2026-03-01')")


def test_months_are_prepared_ahead(db: None) -> None:
    assert prepare_months(as_of=date(2030, 11, 30)) == 4
    with all_organizations():
        assert [month for month in stored_months() if month.year >= 2030] == [
            date(2030, 11, 1),
            date(2030, 12, 1),
            date(2031, 1, 1),
            date(2031, 2, 1),
        ]
    assert prepare_months(as_of=date(2030, 11, 1)) == 0


def test_making_months_gives_way_to_a_long_reader(db: None) -> None:
    ours = connection.settings_dict
    address = {"host": ours["HOST"], "port": ours["PORT"], "user": ours["USER"], "password": ours["PASSWORD"]}
    with connection.cursor() as cursor:
        # Who gave way only after seconds would be cancelled instead.
        cursor.execute("SET LOCAL statement_timeout = '3s'")
    with psycopg.connect(**address, dbname=ours["NAME"]) as reader:
        reader.execute("SELECT FROM telemetry_event")
        with pytest.raises(OperationalError) as refused, transaction.atomic():
            create_partitions(MARCH, months=1)
    assert isinstance(refused.value.__cause__, LockNotAvailable)


def work(as_of: datetime) -> dict[str, int]:
    unit = WorkUnit(
        organization=None,
        period=Every.DAY.period_of(as_of),
        first_client=None,
        last_client=None,
        as_of=as_of,
        begun_at=as_of,
        parameters={},
    )
    with all_organizations():
        return dict(event_months.work(unit))


def test_the_job_keeps_all_events_unless_told_otherwise(organization: Organization) -> None:
    record(organization, event("login", message_id="1"))
    assert work(datetime(2026, 6, 15, tzinfo=UTC))["dropped"] == 0
    with override_settings(EVENT_RETENTION_MONTHS=2):
        assert work(datetime(2026, 6, 15, tzinfo=UTC)) == {"created": 0, "dropped": 1, "events": 1}
        assert work(datetime(2026, 6, 15, tzinfo=UTC)) == {"created": 0, "dropped": 0, "events": 0}


@time_machine.travel(JUNE)
def test_the_command_tells_what_it_dropped(organization: Organization) -> None:
    record(organization, event("login", message_id="1"))
    out = StringIO()
    call_command("drop_old_events", "--keep-months", "2", stdout=out)
    call_command("drop_old_events", "--keep-months", "2", stdout=out)
    assert out.getvalue().splitlines() == ["2026-03: 1 events dropped.", "No month is that old."]
    with pytest.raises(CommandError, match="At least one"):
        call_command("drop_old_events", "--keep-months", "0")
