"""Checks that meet each other: processes and threads on a database that really commits."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.db.models import Count

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope
from health.checking import Checked
from health.models import Alert
from proofs.alerts.alert_races import CHECKER, is_a_story
from tests import children
from tests.database import wait_for_a_waiter
from tests.factories import OrganizationFactory
from tests.health.watched_clients import HOUR, NOW, add_client, alerts, check


def check_of_a_thread(organization: Organization) -> Checked:
    try:
        return check(organization)
    finally:
        connections.close_all()


def test_what_was_opened_and_ended_while_a_check_read_is_reopened_by_it(committed_db: None) -> None:
    organization = OrganizationFactory.create()
    client = add_client(organization, silent=50 * HOUR)
    with ThreadPoolExecutor(1) as pool:
        with organization_scope(organization.pk):
            alert = Alert.objects.create(
                organization=organization, client=client, matter="silence", kind="inactivity", severity=2,
                opened_at=NOW - HOUR, changed_at=NOW - HOUR,
            )  # fmt: skip
            running = pool.submit(check_of_a_thread, organization)
            wait_for_a_waiter()
            ended = {"ended_at": NOW - HOUR, "resolved_at": NOW - HOUR, "resolution": "condition_ended"}
            Alert.objects.filter(pk=alert.pk).update(**ended)
        assert running.result() == Checked(processed=1, reopened=1)
    assert alerts(client) == [("inactivity", 2, "")]


@pytest.mark.slow
def test_checks_at_once_never_open_two_alerts(committed_db: None) -> None:
    organization = OrganizationFactory.create()
    for _ in range(20):
        add_client(organization)
    database = str(connection.settings_dict["NAME"])
    checkers = [children.start(CHECKER, str(organization.pk), "40", str(seed), database) for seed in range(3)]
    for checker in checkers:
        checker.join(60)
    assert [checker.exitcode for checker in checkers] == [0, 0, 0]
    with all_organizations():
        counts = Alert.objects.order_by("client").values_list("client").annotate(alerts=Count("pk"))
        assert counts
        assert {count for _, count in counts} == {1}
        for alert in Alert.objects.all():
            assert is_a_story(list(alert.entries.order_by("id").values_list("step", "before", "after"))), alert
