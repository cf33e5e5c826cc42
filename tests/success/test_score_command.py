from datetime import date
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.models import Organization
from accounts.tenancy import all_organizations
from jobs.models import JobRun
from success.models import Score
from tests.factories import OrganizationFactory
from tests.success.histories import store
from tests.success.test_scoring import BUSY, SILENT, UNBORN

PERIOD_END = "2026-11-16"


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("score", *arguments, stdout=output)
    return output.getvalue()


def scored() -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(
            Score.objects.order_by("organization", "client").values_list(
                "organization__slug", "client__external_id", "period_end", "overall"
            )
        )


@pytest.fixture
def _two_organizations(committed_db: None) -> None:
    for slug, status in (("acme", "active"), ("outsider", "active"), ("closed", "closed")):
        organization = OrganizationFactory.create(slug=slug, status=status, timezone="Europe/Berlin")
        store(organization, [BUSY, SILENT])


@pytest.mark.usefixtures("_two_organizations")
def test_a_past_week_is_scored_through_the_ledger_and_again() -> None:
    assert "processed 4, success 4, failed 0, alerts 0" in run("--period-end", PERIOD_END)
    expected = [
        (slug, client, date(2026, 11, 16), overall)
        for slug in ("acme", "outsider")
        for client, overall in (("c0", 57), ("c1", 0))
    ]
    assert scored() == expected
    with all_organizations():
        stamps = list(Score.objects.order_by("id").values_list("id", "computed_at"))
    run("--period-end", PERIOD_END)
    with all_organizations():
        assert list(Score.objects.order_by("id").values_list("id", "computed_at")) == stamps
        run_row = JobRun.objects.get(job="success-score")
        assert (run_row.generation, run_row.status, run_row.period) == (2, "succeeded", PERIOD_END)


@pytest.mark.usefixtures("_two_organizations")
def test_one_organization_is_scored() -> None:
    run("--period-end", PERIOD_END, "--organization", "acme")
    assert {row[0] for row in scored()} == {"acme"}


def test_every_seventh_day_is_scored_through_a_date(organization: Organization) -> None:
    store(organization, [BUSY])
    said = run("--period-end", "2026-11-02", "--through", "2026-11-17", "--organization", "acme", "--client", "c0")
    assert [line.split(":")[0] for line in said.splitlines()] == ["c0 2026-11-02", "c0 2026-11-09", "c0 2026-11-16"]


def test_one_client_is_scored_and_shown(organization: Organization) -> None:
    store(organization, [BUSY, UNBORN])
    said = run("--period-end", PERIOD_END, "--organization", "acme", "--client", "c0")
    assert said == "c0 2026-11-16: 57 (Needs attention, no trend), 100 % measured\n"
    assert scored() == [("acme", "c0", date(2026, 11, 16), 57)]
    said = run("--period-end", PERIOD_END, "--organization", "acme", "--client", "c1")
    assert said == "c1 was not there yet before 2026-11-16: no score.\n"


def test_an_organizations_own_today_counts(organization: Organization) -> None:
    with all_organizations():
        Organization.objects.filter(pk=organization.pk).update(timezone="Pacific/Auckland")
    store(organization, [BUSY])
    with time_machine.travel("2026-11-16T12:00:00Z", tick=False):
        run("--period-end", "2026-11-17", "--organization", "acme")
        with pytest.raises(CommandError, match="not ended"):
            run("--period-end", "2026-11-17")
        with pytest.raises(CommandError, match="not ended"):
            run("--period-end", "2026-11-17", "--through", "2026-11-18", "--organization", "acme")
    assert [period_end for _, _, period_end, _ in scored()] == [date(2026, 11, 17)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--period-end", "yesterday"], "are dates"),
        (["--period-end", PERIOD_END, "--through", "2026-11-09"], "not before"),
        (["--period-end", "9999-12-31"], "not ended"),
        (["--period-end", "0001-01-01"], "no scores before"),
        (["--period-end", PERIOD_END, "--client", "c0"], "needs --organization"),
        (["--period-end", PERIOD_END, "--organization", "nowhere"], "no organization nowhere"),
        (["--period-end", PERIOD_END, "--organization", "acme", "--client", "nobody"], "no client nobody"),
    ],
)
def test_what_cannot_be_scored_is_said(organization: Organization, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)
