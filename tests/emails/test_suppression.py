from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Organization
from accounts.tenancy import organization_scope
from emails.models import Suppression
from emails.suppression import lift, stopped_address, suppress
from tests.factories import UserFactory

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
Reason = Suppression.Reason


def test_an_address_is_stopped_once_in_any_case_of_its_letters(organization: Organization) -> None:
    with organization_scope(organization.pk):
        assert suppress(organization.pk, "Ada@Example.org", reason=Reason.BOUNCED, detail="550", at=NOW)
        assert not suppress(organization.pk, "ada@example.ORG", reason=Reason.COMPLAINED, at=NOW)
        stopped = stopped_address(organization.pk, "ADA@example.org")
        assert stopped
        assert (stopped.reason, stopped.detail, stopped.at) == ("bounced", "550", NOW)
        assert Suppression.objects.count() == 1


def test_a_lifted_stop_is_over_and_a_new_one_may_come(organization: Organization) -> None:
    operator = UserFactory.create()
    with organization_scope(organization.pk):
        suppress(organization.pk, "ada@example.org", reason=Reason.BOUNCED, at=NOW)
        stopped = Suppression.objects.get()
        assert lift(stopped, by=operator, at=NOW + timedelta(days=1))
        assert not lift(stopped, by=operator, at=NOW + timedelta(days=2))
        assert stopped_address(organization.pk, "ada@example.org") is None
        assert suppress(organization.pk, "ada@example.org", reason=Reason.BOUNCED, at=NOW + timedelta(days=3))
        stopped.refresh_from_db()
    assert (stopped.lifted_at, stopped.lifted_by) == (NOW + timedelta(days=1), operator)


def test_what_a_provider_says_is_cut_and_may_hold_anything(organization: Organization) -> None:
    with organization_scope(organization.pk):
        suppress(organization.pk, "ada@example.org", reason=Reason.BOUNCED, detail="é\0" * 400, at=NOW)
        assert Suppression.objects.get().detail == "é" * 400


@pytest.mark.parametrize("address", ["ada@example.org", "%@example.org", "_da@example.org"])
def test_other_organizations_and_other_addresses_are_not_stopped(
    address: str, organization: Organization, outsider: Organization
) -> None:
    with organization_scope(outsider.pk):
        suppress(outsider.pk, "ada@example.org", reason=Reason.BOUNCED, at=NOW)
    with organization_scope(organization.pk):
        suppress(organization.pk, "bob@example.org", reason=Reason.BOUNCED, at=NOW)
        assert stopped_address(organization.pk, address) is None
