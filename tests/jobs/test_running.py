import pytest

from accounts.models import Client, Organization
from tests.factories import ClientFactory
from tests.jobs.ledgers import names, run_through, runs
from tests.jobs.sample_jobs import names as naming


def test_every_client_of_every_organization_is_worked_on_once(client_of_acme: Client, outsider: Organization) -> None:
    run = run_through(naming)
    assert runs() == [("names", "2026-09-07", "succeeded")]
    assert run.counts == {"processed": 2, "success": 2}
    assert names(client_of_acme.organization) == names(outsider) == ["2026-09-07 "]


@pytest.mark.parametrize("position", range(5))
def test_a_client_that_fails_costs_one(organization: Organization, outsider: Organization, position: int) -> None:
    clients = [
        ClientFactory.create(
            organization=organization, external_id="poison" if number == position else f"user-{number}"
        )
        for number in range(5)
    ]
    run = run_through(naming)
    assert (run.status, run.counts) == ("partial", {"processed": 6, "success": 5, "failed": 1})
    poison = clients[position].pk
    assert run.errors == [
        {"organization": "acme", "firstClient": poison, "lastClient": poison, "message": "DataError: division by zero"}
    ]
    assert names(organization) == ["" if number == position else "2026-09-07 " for number in range(5)]
    assert names(outsider) == ["2026-09-07 "]
