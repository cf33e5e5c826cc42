from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction

from accounts.models import AuditEntry, Organization
from accounts.tenancy import all_organizations, organization_scope
from health.models import HealthPolicy
from health.policies import create_policy, policy_in_force
from tests.factories import UserFactory


def in_force(organization: Organization) -> str:
    with organization_scope(organization.pk):
        return str(policy_in_force(organization.pk))


def test_the_newest_version_is_in_force(organization: Organization, outsider: Organization) -> None:
    assert in_force(organization) == "Platform default v1"
    with organization_scope(organization.pk):
        for hours in (24, 36):
            create_policy(organization, created_by=None, inactivity_hours=hours)
    with all_organizations():
        create_policy(None, created_by=None)
    assert (in_force(organization), in_force(outsider)) == (f"{organization} v2", "Platform default v2")


def test_creating_a_version_is_audited_with_what_it_changes(scoped: Organization) -> None:
    owner = UserFactory.create()
    create_policy(scoped, created_by=owner, drop_points=25)
    second = create_policy(
        scoped,
        created_by=owner,
        note="Less noise.",
        drop_points=25,
        switched_off=["inactivity", "churn_risk", "inactivity"],
    )
    entries = AuditEntry.objects.order_by("id").values_list("action", "actor", "subject", "changes")
    assert list(entries) == [
        ("health_policy.created", owner.pk, f"health.HealthPolicy:{second.pk - 1}", {"drop_points": [20, 25]}),
        (
            "health_policy.created",
            owner.pk,
            f"health.HealthPolicy:{second.pk}",
            {"switched_off": [[], ["churn_risk", "inactivity"]]},
        ),
    ]
    assert (second.version, second.note) == (2, "Less noise.")


@pytest.mark.parametrize(
    "values",
    [
        {"inactivity_hours": 0},
        {"inactivity_hours": 72},
        {"user_inactivity_days": 3},
        {"user_inactivity_days": 45},
        {"user_inactivity_high_days": 3651},
        {"drop_points": 30},
        {"clear_points": 0},
        {"clear_points": 20},
        {"risk_below": 96},
        {"clear_evaluations": 0},
        {"reopen_hours": -1},
        {"switched_off": ["nonsense"]},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(scoped: Organization, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        create_policy(scoped, created_by=None, **values)


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_a_version_is_never_edited(scoped: Organization, verb: str) -> None:
    policy = create_policy(scoped, created_by=None)
    rows = HealthPolicy.objects.filter(pk=policy.pk)
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        rows.update(note="edited") if verb == "update" else rows._raw_delete(rows.db)


def test_an_organization_cannot_make_the_platforms_policy(organization: Organization) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), organization_scope(organization.pk):
        create_policy(None, created_by=None)
