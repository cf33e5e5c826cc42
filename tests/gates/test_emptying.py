"""What a test has committed is gone for the next one, in whichever table it was."""

from datetime import UTC, datetime

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django_celery_beat.models import ClockedSchedule, IntervalSchedule, SolarSchedule

from accounts.models import User
from accounts.tenancy import all_organizations
from health.models import OperatorAlert
from jobs.schedule_sync import sync_schedules
from success.models import MilestoneDefinition
from tests.emptying import KEPT, SHARED, TABLES, empty_tables
from tests.factories import ClientFactory, OrganizationFactory, UserFactory
from tests.gates.rows import make_rows

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [[]])
        return [name for name, _ in cursor.fetchall()]


def rows() -> dict[str, list[str]]:
    """Of every table that has any."""
    found = {}
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('mainstay.scope', 'all', false)")
        for name in tables():
            cursor.execute(f"SELECT t::text FROM {name} t ORDER BY 1")
            found[name] = [row for (row,) in cursor.fetchall()]
    return {name: each for name, each in found.items() if each}


def dirty_every_table() -> None:
    for organization in OrganizationFactory.create_batch(2):
        make_rows(organization)
    sync_schedules()
    make_rows_of_no_tenant(UserFactory.create())
    with all_organizations():
        MilestoneDefinition.objects.create(key="x", title="x", measure="events", threshold=1, subject="client")
        into = ClientFactory.create()
        ClientFactory.create(organization=into.organization, merged_into=into)


def make_rows_of_no_tenant(user: User) -> None:
    permission, group = Permission.objects.earliest("pk"), Group.objects.create(name="x")
    group.permissions.add(permission)
    user.groups.add(group)
    user.user_permissions.add(permission)
    LogEntry.objects.create(user=user, action_flag=1)
    Session.objects.create(session_key="x", session_data="x", expire_date=NOW)
    ClockedSchedule.objects.create(clocked_time=NOW)
    IntervalSchedule.objects.create(every=1, period="days")
    SolarSchedule.objects.create(event="sunset", latitude=1, longitude=1)
    OperatorAlert.objects.create(kind="job_late", matter="x", opened_at=NOW, last_seen_at=NOW)


def test_of_all_rows_those_of_the_migrations_remain(committed_db: None) -> None:
    before = rows()
    assert {name: len(each) for name, each in before.items() if name not in KEPT} == SHARED
    dirty_every_table()
    after = rows()
    assert {name for name in tables() if name not in KEPT and after.get(name) == before.get(name)} == set()
    empty_tables()
    assert rows() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgenabled = 'D'")
        assert cursor.fetchall() == []
