"""What happens to insights at the same moment, in threads whose transactions really commit."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from time import sleep
from typing import Any

import pytest
from django.db import connections

from accounts.models import Organization
from accounts.tenancy import organization_scope
from success.insights.actions import read_insight
from success.insights.writing import Written
from success.models import Insight
from telemetry.models import Event
from tests.factories import OrganizationFactory
from tests.success.histories import store
from tests.success.test_insights_writing import add_events, chain, told
from tests.success.test_scoring import LATER, NOW, SILENT


@pytest.fixture
def acme(committed_db: None) -> Organization:
    made: Organization = OrganizationFactory.create(slug="acme", timezone="Europe/Berlin")
    store(made, [SILENT])
    return made


def in_thread(pool: ThreadPoolExecutor, work: Any, *args: Any, **options: Any) -> Future[Any]:
    def run() -> Any:
        try:
            return work(*args, **options)
        finally:
            connections.close_all()

    return pool.submit(run)


def read(insight: Insight) -> None:
    with organization_scope(insight.organization_id):
        read_insight(insight.client, insight.pk, at=LATER)


def test_an_insight_that_is_read_while_it_is_written_again_stays_as_it_was(acme: Organization) -> None:
    chain(acme)
    with ThreadPoolExecutor() as pool:
        with organization_scope(acme.pk):
            add_events(Insight.objects.all()[0].client_id, date(2026, 11, 10), login=1)
        with organization_scope(acme.pk):
            insight = Insight.objects.select_related("client").get(kind="recommendation")
            read_insight(insight.client, insight.pk, at=LATER)
            writing = in_thread(pool, chain, acme, created_at=LATER)
            # By now it waits for this transaction; if it did not, it would have written.
            sleep(0.3)
            assert not writing.done()
        assert writing.result() == Written(1, 2)
    evidence = {kind: counted for (_, kind), (_, counted) in told(acme).items()}
    assert (evidence["recommendation"]["events"], evidence["weekly_summary"]["events"]) == (0, 1)


def test_written_at_once_there_is_one_of_a_kind(acme: Organization) -> None:
    with ThreadPoolExecutor() as pool:
        assert [each.result() for each in [in_thread(pool, chain, acme) for _ in range(4)]] == [Written(1, 2)] * 4
    assert len(told(acme)) == 2


def test_read_at_once_it_is_one_review(acme: Organization) -> None:
    chain(acme)
    with organization_scope(acme.pk):
        insight = Insight.objects.select_related("client").get(kind="recommendation")
    with ThreadPoolExecutor() as pool:
        for each in [in_thread(pool, read, insight) for _ in range(6)]:
            each.result()
    with organization_scope(acme.pk):
        assert list(Event.objects.values_list("name", "occurred_at")) == [("insight_reviewed", LATER)]
        assert Insight.objects.get(pk=insight.pk).created_at == NOW
