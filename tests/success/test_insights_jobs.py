"""The weekly chain as the ledger runs it: by command, by endpoint, and in its order whoever asks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client as Browser

from accounts.models import Organization
from accounts.tenancy import all_organizations
from jobs.models import JobRun
from success.models import Insight, Score
from tests.factories import OrganizationFactory
from tests.success.histories import store
from tests.success.test_insights_writing import NEARLY_SET_UP, ONCE
from tests.success.test_scoring import BUSY, SILENT

MONDAY = datetime(2026, 11, 16, 12, tzinfo=UTC)
CRON = {"authorization": "Bearer cron-secret-of-the-tests"}


@pytest.fixture(autouse=True)
def _monday_noon() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture(autouse=True)
def _clients(organization: Organization, outsider: Organization) -> None:
    store(organization, [BUSY, SILENT, ONCE, NEARLY_SET_UP])
    with all_organizations():
        Organization.objects.filter(pk=outsider.pk).update(status="suspended")


def run(*arguments: str) -> list[str]:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue().splitlines()


def post(name: str, body: Any = "") -> dict[str, Any]:
    response = Browser().post(f"/api/cron/{name}", body, content_type="application/json", headers=CRON)
    transaction.set_rollback(False)
    assert response.status_code == 200
    answered: dict[str, Any] = response.json()
    return answered


def rows() -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Insight.objects.order_by("id").values_list("pk", "client", "kind", "evidence", "created_at"))


def test_the_weekly_chain_writes_scores_and_then_insights_once() -> None:
    written: list[tuple[Any, ...]] = []
    for arguments in ([], ["--again"]):
        scores, insights = [line for line in run("run_weekly", *arguments) if line.startswith("success-")][:2]
        assert scores.startswith("success-score 2026-11-16: Succeeded. processed 4, success 4, failed 0")
        assert insights.startswith("success-insights 2026-11-16: Succeeded. processed 4, insights 9, failed 0")
        written = written or rows()
    assert rows() == written
    assert len(written) == 9


def test_the_endpoint_tells_its_counts() -> None:
    post("success-score")
    answer = post("success-insights")
    counts = {name: answer[name] for name in ("processed", "insights", "failed", "errors", "alreadyDone")}
    assert counts == {"processed": 4, "insights": 9, "failed": 0, "errors": [], "alreadyDone": False}
    assert post("success-insights")["alreadyDone"]


def test_insights_asked_for_before_the_scores_have_them_computed(organization: Organization) -> None:
    body = {"organization": organization.slug, "periodEnd": "2026-11-09"}
    assert post("success-insights", body)["processed"] == 4
    with all_organizations():
        assert set(JobRun.objects.values_list("job", "period", "status")) == {
            ("success-score", "2026-11-09", "succeeded"),
            ("success-insights", "2026-11-09", "succeeded"),
        }
        assert Score.objects.count() == 4


@pytest.mark.parametrize("name", ["success-insights", "success-email"])
def test_no_week_is_told_twice_by_asking_for_another_day(name: str) -> None:
    run("run_weekly")
    written = rows()
    response = Browser().post(
        f"/api/cron/{name}", {"periodEnd": "2026-11-11"}, content_type="application/json", headers=CRON
    )
    transaction.set_rollback(False)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_period")
    assert response.json()["detail"] == f"The weeks of {name} end on Mondays: ask for 2026-11-09."
    with pytest.raises(CommandError, match="ask for 2026-11-09"):
        run("run_job", name, "--period", "2026-11-11")
    assert rows() == written


def test_a_missed_week_that_has_expired_is_done_with_nothing() -> None:
    [told] = run("run_job", "success-insights", "--period", "2026-10-12")
    assert told.startswith("success-insights 2026-10-12: Succeeded. processed 0, insights 0, failed 0")
    assert rows() == []


def test_the_clean_up_deletes_what_expired_in_every_organization() -> None:
    other = OrganizationFactory.create(timezone="Pacific/Kiritimati")
    store(other, [SILENT])
    run("run_job", "success-insights")
    assert post("expire-insights")["expired"] == 0
    with time_machine.travel(MONDAY + timedelta(days=29), tick=False):
        assert post("expire-insights")["expired"] == 11
        assert post("expire-insights")["alreadyDone"]
    assert rows() == []
