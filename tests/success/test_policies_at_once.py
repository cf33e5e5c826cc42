import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from accounts.models import Organization
from accounts.tenancy import organization_scope
from success.models import ScoringPolicy
from success.policies import create_policy
from success.scoring import score_clients
from tests.factories import OrganizationFactory
from tests.success.histories import store
from tests.success.test_scoring import SILENT

MONDAY = date(2026, 11, 16)
NOW = datetime(2026, 11, 16, 7, tzinfo=UTC)


@pytest.fixture
def acme(committed_db: None) -> Organization:
    organization: Organization = OrganizationFactory.create(slug="acme")
    store(organization, [SILENT])
    return organization


def create(organization: Organization) -> int:
    try:
        with organization_scope(organization.pk):
            return create_policy(organization, effective_on=MONDAY, created_by=None).version
    finally:
        connections.close_all()


def test_versions_created_at_once_are_numbered_one_by_one(acme: Organization) -> None:
    with ThreadPoolExecutor(6) as pool:
        versions = list(pool.map(create, [acme] * 6))
    assert sorted(versions) == [1, 2, 3, 4, 5, 6]


def test_a_version_waits_for_the_scoring_under_way_and_then_begins_too_early(acme: Organization) -> None:
    scored = threading.Event()

    def score_slowly() -> None:
        with organization_scope(acme.pk):
            score_clients(acme.pk, period_end=MONDAY, computed_at=NOW)
            scored.set()
            time.sleep(0.2)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        scoring = pool.submit(score_slowly)
        scored.wait(5)
        with pytest.raises(ValidationError, match="2026-11-16"):
            create(acme)
        scoring.result()
    with organization_scope(acme.pk):
        assert not ScoringPolicy.objects.filter(organization=acme).exists()
