from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client as Browser
from time_machine import travel

from accounts.models import AuditEntry, Client, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.models import Feedback, Score, ScoringPolicy, Task
from success.policies import VALUES, create_policy
from success.scoring import score_clients
from tests.factories import ClientFactory, MembershipFactory, UserFactory
from tests.sessions import sign_in
from tests.success.histories import store
from tests.success.oracle import DEFAULT_POLICY
from tests.success.scored_clients import add_score
from tests.success.test_scoring import BUSY, NOW, SILENT

MONDAY = date(2026, 11, 16)
POLICIES, SCORES, TASKS, FEEDBACK = (
    f"/admin/success/{name}/" for name in ("scoringpolicy", "score", "task", "feedback")
)


@pytest.fixture(autouse=True)
def _at_that_time() -> Any:
    with travel(NOW, tick=False):
        yield


@pytest.fixture
def owner(browser: Browser, organization: Organization, outsider: Organization) -> Browser:
    return signed_in(browser, organization, Membership.Role.OWNER)


@pytest.fixture
def staff(browser: Browser, organization: Organization, outsider: Organization) -> Browser:
    return signed_in(browser, organization, Membership.Role.STAFF)


@pytest.fixture
def operator(browser: Browser, db: None) -> Browser:
    return sign_in(browser, UserFactory.create(is_staff=True, is_superuser=True))


def signed_in(browser: Browser, organization: Organization, role: Membership.Role) -> Browser:
    return sign_in(browser, MembershipFactory.create(organization=organization, role=role).user)


def policy_form(**changes: Any) -> dict[str, Any]:
    return DEFAULT_POLICY | {"trend_points": 5, "effective_on": "2026-11-23", "note": "", **changes}


def policies() -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(ScoringPolicy.objects.order_by("id").values_list("organization__slug", "version", "events_target"))


def test_an_owner_adds_a_version_from_the_one_in_force(owner: Browser, organization: Organization) -> None:
    with organization_scope(organization.pk):
        create_policy(organization, effective_on=date(2026, 1, 1), created_by=None, events_target=60)
    form = owner.get(f"{POLICIES}add/").context["adminform"].form
    assert form.initial["events_target"] == 60
    assert str(form.initial["effective_on"]) == "2026-11-23"
    assert "organization" not in form.fields
    response = owner.post(f"{POLICIES}add/", policy_form(events_target=70))
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert policies() == [(None, 1, 100), ("acme", 1, 60), ("acme", 2, 70)]
    with organization_scope(organization.pk):
        newest = AuditEntry.objects.latest("id")
        assert newest.changes == {"effective_on": "2026-11-23", "events_target": [60, 70]}
    page = owner.get(POLICIES).content.decode()
    assert "events in 30 days for full marks 60 → 70" in page
    assert "Platform default v1" in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engagement_weight": 26}, "The five weights must add up to 100 percent."),
        ({"good_from": 85}, "The bands must begin in the order attention, good, excellent."),
        ({"effective_on": "2026-11-16"}, "Scores up to 2026-11-16 stand already: begin after that day."),
        ({"events_target": 0}, "Ensure this value is greater than or equal to 1."),
    ],
)
def test_a_policy_that_cannot_be_is_explained(
    owner: Browser, organization: Organization, changes: dict[str, Any], message: str
) -> None:
    store(organization, [SILENT])
    with organization_scope(organization.pk):
        score_clients(organization.pk, period_end=MONDAY, computed_at=NOW)
    response = owner.post(f"{POLICIES}add/", policy_form(**changes))
    assert message in str(response.context["adminform"].form.errors.values()).replace("&#x27;", "'")
    assert policies() == [(None, 1, 100)]


def test_staff_read_policies_and_change_none(staff: Browser) -> None:
    assert staff.get(POLICIES).status_code == 200
    assert staff.get(f"{POLICIES}add/").status_code == 403
    assert staff.post(f"{POLICIES}add/", policy_form()).status_code == 403
    with all_organizations():
        default = ScoringPolicy.objects.get().pk
    assert staff.get(f"{POLICIES}{default}/change/").status_code == 200
    assert staff.post(f"{POLICIES}{default}/change/", policy_form()).status_code == 403
    assert staff.post(f"{POLICIES}{default}/delete/", {"post": "yes"}).status_code == 403


def test_another_organizations_policies_are_not_shown(owner: Browser, outsider: Organization) -> None:
    with organization_scope(outsider.pk):
        foreign = create_policy(outsider, effective_on=MONDAY, created_by=None, note="theirs")
    assert "theirs" not in owner.get(POLICIES).content.decode()
    assert owner.get(f"{POLICIES}{foreign.pk}/change/").status_code == 302


def test_only_an_operator_adds_to_the_platforms_policy(operator: Browser, organization: Organization) -> None:
    assert operator.get(f"{POLICIES}add/").context["adminform"].form.initial["organization"] is None
    assert operator.post(f"{POLICIES}add/", policy_form(organization="")).status_code == 302
    assert operator.post(f"{POLICIES}add/", policy_form(organization=organization.pk)).status_code == 302
    assert policies() == [(None, 1, 100), (None, 2, 100), ("acme", 1, 100)]


def test_an_owner_cannot_name_another_organization(owner: Browser, outsider: Organization) -> None:
    for organization in ("", outsider.pk):
        assert owner.post(f"{POLICIES}add/", policy_form(organization=organization)).status_code == 302
    assert policies() == [(None, 1, 100), ("acme", 1, 100), ("acme", 2, 100)]


def test_scores_are_those_of_the_newest_week(staff: Browser, client_of_acme: Client, outsider: Organization) -> None:
    add_score(client_of_acme, period_end=MONDAY, overall=61)
    add_score(client_of_acme, period_end=date(2026, 11, 9), overall=52)
    with organization_scope(outsider.pk):
        foreign = Client.objects.get()
    add_score(foreign, period_end=MONDAY, overall=93)
    pages = {
        query: [score.overall for score in staff.get(f"{SCORES}?period_end={query}").context["cl"].result_list]
        for query in ("", "2026-11-09", "all", "x", "9999-99-99")
    }
    assert pages == {"": [61], "2026-11-09": [52], "all": [61, 52], "x": [61], "9999-99-99": [61]}


def test_a_score_shows_its_receipt(staff: Browser, organization: Organization) -> None:
    store(organization, [BUSY])
    with organization_scope(organization.pk):
        for period_end in (date(2026, 11, 9), MONDAY):
            score_clients(organization.pk, period_end=period_end, computed_at=NOW)
        score = Score.objects.get(period_end=MONDAY)
    page = " ".join(staff.get(f"{SCORES}{score.pk}/change/").content.decode().split())
    counted = 'class="underline">28</a> of 100 → 8.40'
    for text in ("66.40", counted, "the weighted mean 57.23", "Against", "Platform default v1"):
        assert text in page
    assert staff.post(f"{SCORES}{score.pk}/change/", {}).status_code == 403


def test_a_foreign_score_is_not_there(staff: Browser, outsider: Organization) -> None:
    with organization_scope(outsider.pk):
        client = Client.objects.get()
    score = add_score(client)
    assert staff.get(f"{SCORES}{score.pk}/change/").status_code == 302


def test_a_task_done_gets_its_time_and_loses_it(staff: Browser, client_of_acme: Client) -> None:
    form = {"client": client_of_acme.pk, "title": "Set up", "status": "done", "is_onboarding": "on", "due_on": ""}
    assert staff.post(f"{TASKS}add/", form).status_code == 302
    with all_organizations():
        task = Task.objects.get()
    assert (task.organization_id, task.completed_at, task.created_at) == (client_of_acme.organization_id, NOW, NOW)
    with travel(datetime(2026, 11, 17, tzinfo=UTC), tick=False):
        staff.post(f"{TASKS}{task.pk}/change/", form | {"title": "Set it up"})
        with all_organizations():
            task.refresh_from_db()
            assert (task.title, task.completed_at, task.updated_at.day) == ("Set it up", NOW, 17)
        staff.post(f"{TASKS}{task.pk}/change/", form | {"status": "todo"})
    with all_organizations():
        task.refresh_from_db()
    assert (task.status, task.completed_at) == ("todo", None)


@pytest.mark.parametrize("url", [TASKS, FEEDBACK])
def test_a_foreign_client_cannot_be_chosen(staff: Browser, outsider: Organization, url: str) -> None:
    with organization_scope(outsider.pk):
        foreign = Client.objects.get().pk
    form = {"client": foreign, "title": "x", "status": "todo", "kind": "nps", "rating": 5}
    form |= {"given_at_0": "2026-11-01", "given_at_1": "12:00:00"}
    response = staff.post(f"{url}add/", form)
    assert (response.status_code, "client" in response.context["adminform"].form.errors) == (200, True)


def test_feedback_is_added_and_not_changed(staff: Browser, client_of_acme: Client) -> None:
    form = {"client": client_of_acme.pk, "kind": "csat", "rating": 6, "comment": ""}
    form |= {"given_at_0": "2026-11-01", "given_at_1": "12:00:00"}
    refused = staff.post(f"{FEEDBACK}add/", form)
    assert "NPS goes from 0 to 10, CSAT from 1 to 5." in str(refused.context["adminform"].form.errors)
    assert staff.post(f"{FEEDBACK}add/", form | {"rating": 4}).status_code == 302
    with all_organizations():
        feedback = Feedback.objects.get()
    assert feedback.organization_id == client_of_acme.organization_id
    assert staff.post(f"{FEEDBACK}{feedback.pk}/change/", form | {"rating": 1}).status_code == 403


@pytest.mark.parametrize("url", [POLICIES, f"{SCORES}?period_end=all", TASKS, FEEDBACK])
def test_lists_take_the_same_queries_for_one_and_for_three(
    staff: Browser, organization: Organization, url: str, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for _ in range(2):
        with organization_scope(organization.pk):
            number = ScoringPolicy.objects.filter(organization=organization).count()
            for n in range(number, number + 2):
                client = ClientFactory.create(organization=organization, external_id=f"many-{n}")
                create_policy(organization, effective_on=date(2026, 12, n + 1), created_by=UserFactory.create())
                Task.objects.create(organization=organization, client=client, created_at=NOW, updated_at=NOW)
                Feedback.objects.create(organization=organization, client=client, kind="nps", rating=3, given_at=NOW)
                add_score(client, period_end=MONDAY)
        staff.get(url)
        with django_assert_max_num_queries(40) as found:
            staff.get(url)
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_every_value_of_a_policy_is_on_its_form(owner: Browser) -> None:
    form = owner.get(f"{POLICIES}add/").context["adminform"].form
    assert set(VALUES) | {"effective_on", "note"} == set(form.fields)
