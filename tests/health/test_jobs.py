"""The checks as jobs, through the cron endpoints."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from accounts.models import Organization
from tests.health.watched_clients import DAY, HOUR, NOW, add_client, add_scores, alerts, set_last_activity
from tests.jobs.ledgers import runs

SECRET = {"authorization": "Bearer cron-secret-of-the-tests"}
MONDAY_MORNING = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)


def post(browser: Browser, job: str, **body: str) -> dict[str, Any]:
    response = browser.post(f"/api/cron/{job}", body, content_type="application/json", headers=SECRET)
    assert response.status_code == 200
    told: dict[str, Any] = response.json()
    return told


COUNTS = ("processed", "success", "opened", "reopened", "escalated", "resolved", "failed")


def test_the_hourly_check_tells_its_counts(
    browser: Browser, organization: Organization, outsider: Organization
) -> None:
    own, other = add_client(organization, silent=50 * HOUR), add_client(outsider, silent=80 * HOUR)
    with time_machine.travel(NOW, tick=False):
        told = post(browser, "health-check")
    assert [told[name] for name in COUNTS] == [3, 3, 2, 0, 0, 0, 0]
    assert (told["period"], alerts(own), alerts(other)) == (
        "2026-11-18T12Z",
        [("inactivity", 2, "")],
        [("zero_activity", 3, "")],
    )


def test_running_the_same_hour_twice_changes_nothing(browser: Browser, organization: Organization) -> None:
    client = add_client(organization, silent=50 * HOUR)
    with time_machine.travel(NOW, tick=False):
        post(browser, "health-check")
        told = post(browser, "health-check", organization=organization.slug)
    assert [told[name] for name in COUNTS] == [1, 1, 0, 0, 0, 0, 0]
    assert alerts(client) == [("inactivity", 2, "")]


def test_the_weekly_scores_tell_how_many_alerts_follow_from_them(
    browser: Browser, organization: Organization, outsider: Organization
) -> None:
    client = add_client(organization)
    set_last_activity(client, MONDAY_MORNING)
    add_scores(client, {"2026-11-16": 95})
    with time_machine.travel(MONDAY_MORNING, tick=False):
        told = post(browser, "success-score", organization=organization.slug)
        assert (told["success"], told["alerts"], told["status"]) == (1, 1, "succeeded")
        assert alerts(client) == [("score_drop", 3, "")]
        again = post(browser, "success-score", organization=organization.slug)
        assert (again["timesRun"], again["alerts"]) == (2, 0)
    expected = [("success-score", "2026-11-23", "succeeded"), ("health-check-after-scores", "2026-11-23", "succeeded")]
    assert runs() == expected


def test_the_weekly_chain_checks_after_scoring() -> None:
    from jobs.definitions import all_jobs

    names = [job.name for job in all_jobs()]
    assert names.index("success-score") < names.index("health-check-after-scores") < names.index("success-insights")


def run(*arguments: str) -> str:
    output = StringIO()
    with time_machine.travel(NOW, tick=False):
        call_command("check_health", *arguments, stdout=output)
    return output.getvalue()


def test_one_organization_is_checked_by_hand(organization: Organization, outsider: Organization) -> None:
    own, other = add_client(organization, silent=5 * DAY), add_client(outsider, silent=5 * DAY)
    said = run("--organization", "acme")
    assert said == "1 client checked: 1 opened, 0 reopened, 0 escalated, 0 resolved\n"
    assert (alerts(own), alerts(other)) == ([("zero_activity", 3, "")], [])


def test_one_client_is_checked_by_hand_and_its_alerts_are_shown(organization: Organization) -> None:
    own, other = (add_client(organization, silent=5 * DAY, external_id=name) for name in ("ada", "bob"))
    said = run("--organization", "acme", "--client", "ada")
    assert said.splitlines() == [
        "1 client checked: 1 opened, 0 reopened, 0 escalated, 0 resolved",
        "ada: Zero activity (Critical) since 2026-11-18 12:00 UTC",
    ]
    assert (len(alerts(own)), alerts(other)) == (1, [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--organization", "nowhere"], "no organization nowhere"),
        (["--organization", "acme", "--client", "nobody"], "no client nobody"),
    ],
)
def test_what_cannot_be_checked_is_said(organization: Organization, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)


def test_an_organization_that_is_not_active_is_not_checked(organization: Organization) -> None:
    from accounts.tenancy import all_organizations

    with all_organizations():
        Organization.objects.update(status="suspended")
    with pytest.raises(CommandError, match="not active"):
        run("--organization", "acme")
