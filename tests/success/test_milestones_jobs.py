"""The nightly jobs: every client, its organization, and the installation."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope
from jobs.definitions import WorkUnit, job_named
from jobs.models import JobRun
from jobs.periods import Every
from success.demo.milestones import add_milestones
from success.jobs import milestones_unit
from success.milestones.organizations import reach_installation_milestones, reach_organization_milestones
from success.models import Milestone
from tests.factories import OrganizationFactory
from tests.jobs.ledgers import run_through
from tests.success.histories import store
from tests.success.oracle import History
from tests.success.reached_milestones import LONG_AGO, NOW, define, logins, only, reached

TODAY = date(2026, 11, 18)


def reach(organization: Organization, *, at: datetime = NOW) -> int:
    with organization_scope(organization.pk):
        return reach_organization_milestones(organization.pk, detected_at=at)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_the_job_reaches_what_clients_and_organizations_have(committed_db: None) -> None:
    acme = OrganizationFactory.create(slug="acme")
    outsider = OrganizationFactory.create(slug="outsider")
    store(acme, [logins(days_ago(1)) for _ in range(5)])
    store(outsider, [logins(days_ago(1))])
    run = run_through(job_named("reach-milestones"), at=datetime(2026, 11, 19, 0, 40, tzinfo=UTC))
    assert (run.status, run.counts) == (JobRun.Status.SUCCEEDED, {"processed": 6, "reached": 7})
    found = reached(acme)
    assert [row[0] for row in found] == ["clients-active-5", *["first-login"] * 5]
    assert [row[0] for row in reached(outsider)] == ["first-login"]
    again = run_through(job_named("reach-milestones"), at=datetime(2026, 11, 20, 0, 40, tzinfo=UTC))
    assert again.counts == {"processed": 6, "reached": 0}
    assert reached(acme) == found


def test_the_installations_job_runs_once_for_all(committed_db: None) -> None:
    for _ in range(5):
        OrganizationFactory.create()
    run = run_through(job_named("installation-milestones"), at=datetime(2026, 11, 19, 0, 40, tzinfo=UTC))
    assert (run.status, run.counts) == (JobRun.Status.SUCCEEDED, {"processed": 1, "reached": 1})


def test_an_organizations_counts_are_summed_over_its_clients(
    organization: Organization, outsider: Organization
) -> None:
    only(organization, "team", subject="organization", measure="logins", threshold=3)
    store(outsider, [logins(days_ago(3), days_ago(3))])
    store(organization, [logins(days_ago(4), days_ago(2)), logins(days_ago(2), days_ago(1))])
    assert [reach(organization), reach(organization)] == [1, 0]
    assert reached(organization) == [("team", None, TODAY - timedelta(days=2), 3)]


@pytest.mark.parametrize(("days", "count"), [(29.4, 5), (29.6, 4)])
def test_clients_count_as_active_for_thirty_days(days: float, count: int, organization: Organization) -> None:
    """At noon in Berlin, thirty days with today begin 29 days and 13 hours ago."""
    only(organization, "five", subject="organization", measure="active_clients", threshold=5)
    store(organization, [logins(days_ago(days)), *[logins(days_ago(200), days_ago(1))] * 4])
    assert reach(organization) == (count == 5)
    assert reached(organization) == [("five", None, TODAY, 5)][: count - 4]


def test_an_organizations_definition_may_be_its_own_or_off(organization: Organization, outsider: Organization) -> None:
    define(organization, "clients-active-5", subject="organization", measure="active_clients", threshold=1)
    define(outsider, "clients-active-5", subject="organization", measure="active_clients", is_active=False)
    for each in (organization, outsider):
        store(each, [logins(days_ago(1)) for _ in range(6)])
        reach(each)
    assert reached(organization) == [("clients-active-5", None, TODAY, 6)]
    assert reached(outsider) == []


def test_an_organization_that_reached_the_platforms_does_not_reach_its_own(organization: Organization) -> None:
    store(organization, [logins(days_ago(1)) for _ in range(5)])
    assert reach(organization) == 1
    define(organization, "clients-active-5", subject="organization", measure="active_clients")
    assert reach(organization) == 0


def test_simulated_and_closed_organizations_do_not_count_for_the_installation(db: None) -> None:
    for _ in range(4):
        OrganizationFactory.create()
    OrganizationFactory.create(is_simulated=True)
    OrganizationFactory.create(status=Organization.Status.CLOSED)
    with all_organizations():
        assert reach_installation_milestones(detected_at=NOW) == 0
        OrganizationFactory.create()
        assert [reach_installation_milestones(detected_at=NOW) for _ in range(2)] == [1, 0]
        rows = Milestone.objects.values("definition__key", "organization", "client", "reached_on", "value")
        found = [dict(row) for row in rows]
    whose: dict[str, object] = {"organization": None, "client": None}
    assert found == [{"definition__key": "organizations-active-5", **whose, "reached_on": TODAY, "value": 5}]


def test_a_range_without_the_last_clients_leaves_the_organization(committed_db: None) -> None:
    """So that it is looked at once, however the clients are cut."""
    acme = OrganizationFactory.create(slug="acme")
    ids = store(acme, [logins(days_ago(1)) for _ in range(5)])
    counts = []
    for first, last in [(None, ids[1]), (ids[2], None)]:
        unit = WorkUnit(
            organization=acme.pk, period=Every.DAY.period("2026-11-18"), first_client=first, last_client=last,
            as_of=NOW, begun_at=NOW, parameters={},
        )  # fmt: skip
        with organization_scope(acme.pk):
            counts.append(dict(milestones_unit(unit)))
    assert counts == [{"processed": 2, "reached": 2}, {"processed": 3, "reached": 4}]


def test_the_weeks_scores_reach_theirs_with_the_insights(committed_db: None) -> None:
    acme = OrganizationFactory.create(slug="acme")
    days = [datetime(2026, 9, 6, 12, tzinfo=UTC) - timedelta(days=n) for n in range(30)]
    kinds = ["content_generated", "visual_created", "task_completed", "login"]
    store(
        acme,
        [
            History(
                LONG_AGO, events=[(at, kind, True) for at in days for kind in kinds], feedback=[(days[3], "nps", 10)]
            )
        ],
    )
    for name in ("success-score", "success-insights"):
        assert run_through(job_named(name)).status == JobRun.Status.SUCCEEDED
    assert ("score-80", "c0", date(2026, 9, 7), 93) in reached(acme)


def test_the_demo_has_milestones_with_rewards_and_celebrates_what_is_new(db: None) -> None:
    demo = OrganizationFactory.create(timezone="UTC")
    store(demo, [History(LONG_AGO, events=[(days_ago(n), "export_downloaded", False) for n in range(67)])])
    with organization_scope(demo.pk):
        assert [add_milestones(demo, today=TODAY, now=NOW) for _ in range(2)] == [3, 0]
        milestones = Milestone.objects.order_by("reached_on")
        assert list(milestones.values_list("definition__key", "definition__reward_kind", "celebrated_at")) == [
            ("exports-25", "code", NOW),
            ("active-days-30", "", NOW),
            ("active-days-60", "text", None),
        ]
        assert milestones[2].reached_on == TODAY - timedelta(days=7)
