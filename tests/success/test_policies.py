from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction

from accounts.models import AuditEntry, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.models import Score, ScoringPolicy
from success.policies import create_policy, policy_in_force
from success.scoring import score_clients
from tests.factories import UserFactory
from tests.success.histories import store
from tests.success.oracle import History

JANUARY, MARCH, MAY = date(2026, 1, 5), date(2026, 3, 2), date(2026, 5, 4)
NOW = datetime(2026, 11, 16, 7, tzinfo=UTC)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def in_force(organization: Organization, period_end: date) -> str:
    with organization_scope(organization.pk):
        return str(policy_in_force(organization.pk, period_end=period_end))


def create(organization: Organization | None, effective_on: date, **values: Any) -> ScoringPolicy:
    with all_organizations() if organization is None else organization_scope(organization.pk):
        return create_policy(organization, effective_on=effective_on, created_by=None, **values)


def test_the_newest_version_that_has_begun_is_in_force(organization: Organization, outsider: Organization) -> None:
    create(None, MARCH)
    create(organization, MARCH)
    create(organization, MAY)
    create(organization, MAY)
    found = {end: in_force(organization, end).rpartition(" ")[2] for end in (JANUARY, MARCH, MAY)}
    assert found == {JANUARY: "v1", MARCH: "v1", MAY: "v3"}
    assert in_force(organization, JANUARY) == "Platform default v1"
    assert in_force(organization, MARCH).endswith("0 v1") or in_force(organization, MARCH) == f"{organization} v1"
    assert in_force(outsider, MAY) == "Platform default v2"


def test_a_later_version_replaces_one_that_had_not_begun(organization: Organization) -> None:
    create(organization, MAY)
    create(organization, MARCH)
    assert in_force(organization, MAY) == f"{organization} v2"


def test_creating_a_version_is_audited_with_what_it_changes(organization: Organization) -> None:
    owner = UserFactory.create()
    with organization_scope(organization.pk):
        create_policy(organization, effective_on=JANUARY, created_by=owner, events_target=50)
        second = create_policy(organization, effective_on=MARCH, created_by=owner, events_target=60, note="busier")
        entries = AuditEntry.objects.order_by("id").values_list("action", "actor", "subject", "changes")
        assert entries.last() == (
            "scoring_policy.created",
            owner.pk,
            f"success.ScoringPolicy:{second.pk}",
            {"effective_on": "2026-03-02", "events_target": [50, 60]},
        )
    assert (second.version, second.note) == (2, "busier")


@pytest.mark.parametrize(
    "values",
    [
        {"engagement_weight": 26},
        {"engagement_weight": 125, "activation_weight": -80},
        {"events_target": 0},
        {"events_target": 1_000_001},
        {"active_days_target": 31},
        {"good_from": 80},
        {"attention_from": 0},
        {"band_coverage": 101},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(organization: Organization, values: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        create(organization, JANUARY, **values)


def test_a_version_begins_after_what_was_scored(organization: Organization, outsider: Organization) -> None:
    store(organization, [History(created_at=LONG_AGO)])
    with organization_scope(organization.pk):
        score_clients(organization.pk, period_end=MARCH, computed_at=NOW)
    for refused in (JANUARY, MARCH):
        with pytest.raises(ValidationError, match="2026-03-02"):
            create(organization, refused)
        with pytest.raises(ValidationError, match="2026-03-02"):
            create(None, refused)
    assert create(organization, date(2026, 3, 3)).version == 1
    assert create(outsider, JANUARY).version == 1
    assert create(None, date(2026, 3, 3)).version == 2


def test_the_time_machine_scores_with_the_policy_of_the_day(organization: Organization) -> None:
    store(organization, [History(created_at=LONG_AGO, feedback=[(datetime(2026, 2, 1, tzinfo=UTC), "nps", 5)])])
    create(organization, MARCH, satisfaction_weight=100, **dict.fromkeys(WITHOUT_SATISFACTION, 0))
    with organization_scope(organization.pk):
        for period_end in (MAY, MARCH, JANUARY, date(2026, 2, 23)):
            score_clients(organization.pk, period_end=period_end, computed_at=NOW)
        found = Score.objects.order_by("period_end").values_list("period_end", "overall", "policy__organization")
        assert list(found) == [
            (JANUARY, 0, None),
            (date(2026, 2, 23), 9, None),
            (MARCH, 50, organization.pk),
            (MAY, 50, organization.pk),
        ]


WITHOUT_SATISFACTION = ("engagement_weight", "activation_weight", "progress_weight", "momentum_weight")


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_a_version_is_never_edited(organization: Organization, verb: str) -> None:
    policy = create(organization, JANUARY)
    with organization_scope(organization.pk):
        rows = ScoringPolicy.objects.filter(pk=policy.pk)
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            rows.update(note="edited") if verb == "update" else rows._raw_delete(rows.db)
        assert rows.get().note == ""


def test_an_organization_cannot_make_the_platforms_policy(organization: Organization) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), organization_scope(organization.pk):
        create_policy(None, effective_on=MAY, created_by=None)


def test_versions_of_another_organization_are_not_visible(organization: Organization, outsider: Organization) -> None:
    create(outsider, JANUARY)
    with organization_scope(organization.pk):
        assert [str(policy) for policy in ScoringPolicy.objects.all()] == ["Platform default v1"]
