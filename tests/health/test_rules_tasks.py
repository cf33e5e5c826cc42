from datetime import timedelta

import pytest

from accounts.models import Organization
from accounts.tenancy import all_organizations
from health.checking import Checked
from success.models import Task
from tests.health.watched_clients import HOUR, NOW, add_client, add_task, alert_of, alerts, check


@pytest.mark.parametrize(
    ("status", "untouched", "expected"),
    [
        ("in_progress", 72 * HOUR, [("task_stalled", 2, "")]),
        ("in_progress", 72 * HOUR - timedelta(microseconds=1), []),
        ("todo", 500 * HOUR, []),
        ("done", 500 * HOUR, []),
    ],
)
def test_a_task_in_progress_without_update_is_told_of(
    organization: Organization, status: str, untouched: timedelta, expected: list[object]
) -> None:
    client = add_client(organization)
    add_task(client, status=status, untouched=untouched)
    check(organization)
    assert alerts(client) == expected


def test_the_alert_names_the_task_that_waits_longest(organization: Organization) -> None:
    client = add_client(organization)
    shorter, longest = (add_task(client, untouched=hours * HOUR) for hours in (80, 90))
    assert check(organization) == Checked(processed=1, opened=1)
    assert alert_of(client).evidence == {"task": longest.pk, "updatedAt": "2026-11-14T18:00:00+00:00"}
    with all_organizations():
        Task.objects.filter(pk=longest.pk).update(updated_at=NOW)
    assert check(organization) == Checked(processed=1)
    assert alert_of(client).evidence["task"] == shorter.pk


def test_the_alert_ends_with_the_last_stalled_task(organization: Organization) -> None:
    client = add_client(organization)
    task = add_task(client, untouched=80 * HOUR)
    check(organization)
    with all_organizations():
        Task.objects.filter(pk=task.pk).update(updated_at=NOW)
    assert check(organization, NOW + HOUR) == Checked(processed=1, resolved=1)
    assert alerts(client) == [("task_stalled", 2, "condition_ended")]
