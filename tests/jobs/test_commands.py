from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from jobs.pruning import prune_ledger
from tests.jobs.ledgers import MONDAY, WEEK, begin, names, run_through, runs
from tests.jobs.sample_jobs import names as naming


@pytest.fixture(autouse=True)
def _clients(client_of_acme: Client, outsider: Organization) -> None:
    pass


def run(*arguments: str) -> list[str]:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue().splitlines()


def test_run_job_tells_what_came_of_it(organization: Organization) -> None:
    assert run("run_job", "names", "--period", "2026-09-07") == [
        "names 2026-09-07: Succeeded. processed 2, success 2, failed 0"
    ]
    assert names(organization) == ["2026-09-07 "]


def test_run_job_repeats_only_when_told_to(organization: Organization) -> None:
    arguments = ("run_job", "names", "--period", "2026-09-07")
    run(*arguments)
    assert "done before" in run(*arguments)[0]
    run(*arguments, "--again")
    assert names(organization) == ["2026-09-07 2026-09-07 "]


def test_run_job_for_one_organization(organization: Organization, outsider: Organization) -> None:
    run("run_job", "names", "--period", "2026-09-07", "--organization", "acme")
    assert (names(organization), names(outsider)) == (["2026-09-07 "], [""])


def test_run_job_ends_with_1_when_a_client_failed(client_of_acme: Client) -> None:
    with all_organizations():
        Client.objects.filter(pk=client_of_acme.pk).update(external_id="poison")
    with pytest.raises(SystemExit) as ended:
        run("run_job", "names", "--period", "2026-09-07")
    assert ended.value.code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), "There is no job nothing"),
        (("names", "--period", "soon"), "--period is a date"),
        (("names", "--period", "2999-01-01"), "not ended yet"),
        (("names", "--organization", "nobody"), "no organization nobody"),
        (("names", "--period", "0001-01-01", "--organization", "acme"), "before all events"),
        (("letters", "--period", "2026-09-09"), "The weeks of letters end on Mondays: ask for 2026-09-07."),
    ],
)
def test_run_job_refuses_what_makes_no_sense(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("run_job", *arguments)
    assert runs() == []


def test_run_job_knows_the_organizations_today(organization: Organization, outsider: Organization) -> None:
    with all_organizations():
        Organization.objects.filter(pk=organization.pk).update(timezone="Pacific/Auckland")
    arguments = ("run_job", "names", "--period", "2026-09-10")
    with time_machine.travel("2026-09-09T13:00:00Z", tick=False):
        run(*arguments, "--organization", "acme")
        with pytest.raises(CommandError, match="not ended yet"):
            run(*arguments)
    assert (names(organization), names(outsider)) == (["2026-09-10 "], [""])


def test_run_job_writes_to_no_client_while_automatic_work_is_off(settings: Settings) -> None:
    settings.ENABLE_SUCCESS_CRONS = False
    with pytest.raises(CommandError, match=r"switched off \(ENABLE_SUCCESS_CRONS\).*pause outgoing mail"):
        run("run_job", "letters", "--period", "2026-09-07")
    assert runs() == []
    assert "Succeeded" in run("run_job", "names", "--period", "2026-09-07")[0]


def test_run_job_writes_to_no_client_of_an_organization_that_is_switched_off() -> None:
    with all_organizations():
        Organization.objects.filter(slug="acme").update(runs_jobs=False)
    with pytest.raises(CommandError, match="switched off for acme"):
        run("run_job", "letters", "--period", "2026-09-07", "--organization", "acme")
    assert runs() == []
    assert "Succeeded" in run("run_job", "letters", "--period", "2026-09-07")[0]


def test_run_weekly_leaves_out_what_writes_to_clients_while_automatic_work_is_off(settings: Settings) -> None:
    settings.ENABLE_SUCCESS_CRONS = False
    with time_machine.travel(MONDAY, tick=False):
        done, left_out = run("run_weekly")
    assert done.startswith("names 2026-09-07: Succeeded.")
    assert left_out.startswith("letters 2026-09-07: left out. Automatic work is switched off (ENABLE_SUCCESS_CRONS).")
    assert runs() == [("names", "2026-09-07", "succeeded")]


def test_run_weekly_runs_the_chain_in_sequence(organization: Organization) -> None:
    lines = run("run_weekly")
    assert [line.split()[0] for line in lines] == ["names", "letters"]
    assert [status for _, _, status in runs()] == ["succeeded"] * 2


def test_sync_schedules_tells_what_it_did() -> None:
    assert run("sync_schedules")[0] == "created names"
    assert run("sync_schedules") == ["7 kept as they are"]


def test_the_pieces_of_old_runs_are_dropped_and_the_runs_kept() -> None:
    old = run_through(naming)
    new = begin(naming, at=MONDAY + WEEK).run
    assert old.ended_at
    assert prune_ledger(as_of=old.ended_at + WEEK) == 0
    assert prune_ledger(as_of=old.ended_at + 5 * WEEK) == 2
    assert [period for _, period, _ in runs()] == [old.period, new.period]
