"""Definitions and reached milestones in the admin."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client as Browser
from time_machine import travel

from accounts.models import AuditEntry, Membership, Organization
from accounts.tenancy import all_organizations
from success.milestones.organizations import reach_installation_milestones
from success.models import Milestone, MilestoneDefinition
from tests.accounts.admin_pages import audited, browser_of, operators_browser
from tests.factories import OrganizationFactory
from tests.success.histories import store
from tests.success.reached_milestones import LONG_AGO, NOW, define, logins, reach

DEFINITIONS, MILESTONES = "/admin/success/milestonedefinition/", "/admin/success/milestone/"
FORM = {
    "title": "Ten reports", "description": "", "key": "ten-reports", "subject": "client", "measure": "events",
    "threshold": "10", "is_active": "on", "reward_kind": "", "reward": "",
}  # fmt: skip


@pytest.fixture
def owner(organization: Organization, outsider: Organization) -> Browser:
    return browser_of(organization, Membership.Role.OWNER)


@pytest.fixture
def staff(organization: Organization, outsider: Organization) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


def own(organization: Organization) -> list[tuple[str, str, int, bool]]:
    with all_organizations():
        definitions = MilestoneDefinition.objects.filter(organization=organization).order_by("id")
        return list(definitions.values_list("key", "measure", "threshold", "is_active"))


def platforms(key: str) -> MilestoneDefinition:
    with all_organizations():
        return MilestoneDefinition.objects.get(organization=None, key=key)


def errors(response: Any) -> list[str]:
    form = response.context["adminform"].form
    return [error for listed in form.errors.values() for error in listed]


def test_an_owner_adds_a_definition(owner: Browser, organization: Organization) -> None:
    assert owner.post(f"{DEFINITIONS}add/", FORM).status_code == 302
    assert own(organization) == [("ten-reports", "events", 10, True)]
    assert [action for action, _ in audited(organization)] == ["milestone_definition.created"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"measure": "active_clients"}, "This cannot be measured of whom it is for."),
        ({"reward": "A mug"}, "A reward has a kind and a text, code or link."),
        ({"reward_kind": "text"}, "A reward has a kind and a text, code or link."),
        ({"threshold": "0"}, "Ensure this value is greater than or equal to 1."),
        ({"threshold": "99999999999"}, "Ensure this value is less than or equal to 2147483647."),
        ({"title": "\x00"}, "Null characters are not allowed."),
        ({"subject": "installation"}, "Select a valid choice. installation is not one of the available choices."),
    ],
)
def test_what_makes_no_sense_is_told(
    changes: dict[str, str], message: str, owner: Browser, organization: Organization
) -> None:
    assert message in errors(owner.post(f"{DEFINITIONS}add/", FORM | changes))
    assert own(organization) == []


def test_a_key_is_used_once(owner: Browser, organization: Organization) -> None:
    define(organization, "ten-reports")
    assert len(errors(owner.post(f"{DEFINITIONS}add/", FORM))) == 1


def test_an_owner_replaces_the_platforms(owner: Browser, organization: Organization) -> None:
    listed = owner.get(DEFINITIONS).content.decode()
    assert "?key=contents-10&amp;subject=client" in listed
    filled = owner.get(f"{DEFINITIONS}add/?key=contents-10&measure=content_generated").context["adminform"].form.initial
    assert (filled["key"], filled["measure"]) == ("contents-10", "content_generated")
    owner.post(f"{DEFINITIONS}add/", FORM | {"key": "contents-10", "is_active": ""})
    assert own(organization) == [("contents-10", "events", 10, False)]
    listed = owner.get(DEFINITIONS).content.decode()
    assert "Replaced by your own" in listed
    assert "?key=contents-10&amp;subject=client" not in listed


def test_the_platforms_are_read_by_members_and_changed_by_operators(owner: Browser) -> None:
    definition = platforms("contents-10")
    address = f"{DEFINITIONS}{definition.pk}/change/"
    assert owner.get(address).status_code == 200
    assert owner.post(address, FORM).status_code == 403
    assert owner.post(f"{DEFINITIONS}{definition.pk}/delete/", {"post": "yes"}).status_code == 403
    assert operators_browser().post(address, FORM | {"threshold": "12"}).status_code == 302
    assert platforms("contents-10").threshold == 12


def test_staff_only_read(staff: Browser, organization: Organization) -> None:
    assert staff.get(DEFINITIONS).status_code == 200
    assert staff.post(f"{DEFINITIONS}add/", FORM).status_code == 403
    assert own(organization) == []


def test_members_see_nothing_of_the_installation(owner: Browser) -> None:
    for _ in range(5):
        OrganizationFactory.create()
    with all_organizations():
        assert reach_installation_milestones(detected_at=NOW) == 1
    assert "active organizations" not in owner.get(DEFINITIONS).content.decode()
    assert list(owner.get(MILESTONES).context["cl"].result_list) == []
    assert "The installation" in operators_browser().get(MILESTONES).content.decode()


def test_a_definition_that_was_reached_is_not_deleted(owner: Browser, organization: Organization) -> None:
    definition = define(organization, "own")
    store(organization, [logins(LONG_AGO)])
    reach(organization)
    owner.post(f"{DEFINITIONS}{definition.pk}/delete/", {"post": "yes"})
    assert len(own(organization)) == 1


def rewarded(organization: Organization) -> list[int]:
    """A milestone with a reward and one without."""
    define(organization, "own", reward_kind="code", reward="MUG-42")
    store(organization, [logins(LONG_AGO)])
    reach(organization)
    with all_organizations():
        milestones = Milestone.objects.filter(organization=organization).order_by("definition__key")
        return list(milestones.values_list("pk", flat=True))


def given(organization: Organization) -> list[tuple[str, datetime | None, str | None]]:
    with all_organizations():
        milestones = Milestone.objects.filter(organization=organization).order_by("definition__key")
        return list(milestones.values_list("definition__key", "reward_given_at", "reward_given_by__username"))


def mark(browser: Browser, action: str, chosen: list[int]) -> Any:
    return browser.post(MILESTONES, {"action": action, "_selected_action": chosen}, follow=True)


def test_staff_mark_rewards_as_given_and_undo_it(staff: Browser, organization: Organization) -> None:
    chosen = rewarded(organization)
    at = datetime(2026, 11, 18, 12, tzinfo=UTC)
    with travel(at, tick=False):
        assert "1 reward was given." in mark(staff, "give", chosen).content.decode()
    username = str(staff.get(MILESTONES).context["user"])
    assert given(organization) == [("first-login", None, None), ("own", at, username)]
    assert "None of these had such a reward." in mark(staff, "give", chosen).content.decode()
    assert "1 reward is open again." in mark(staff, "take_back", chosen).content.decode()
    assert given(organization) == [("first-login", None, None), ("own", None, None)]
    with all_organizations():
        entries = AuditEntry.objects.filter(organization=organization).order_by("id")
        actions = list(entries.values_list("action", "subject"))
    subject = f"success.Milestone:{chosen[1]}"
    assert actions == [("milestone.reward_given", subject), ("milestone.reward_taken_back", subject)]


def test_foreign_rewards_stay_as_they_are(organization: Organization, outsider: Organization) -> None:
    chosen = rewarded(organization)
    mark(browser_of(outsider, Membership.Role.OWNER), "give", chosen)
    assert [at for _, at, _ in given(organization)] == [None, None]


@pytest.mark.parametrize(("reward", "keys"), [("waiting", ["own"]), ("given", []), ("", ["own", "first-login"])])
def test_the_list_is_filtered_by_reward(
    reward: str, keys: list[str], staff: Browser, organization: Organization
) -> None:
    rewarded(organization)
    listed = staff.get(MILESTONES, {"reward": reward} if reward else {}).context["cl"].result_list
    assert sorted(row.definition.key for row in listed) == sorted(keys)


def test_a_milestone_is_shown_and_not_edited(staff: Browser, organization: Organization) -> None:
    _, own_one = rewarded(organization)
    page = staff.get(f"{MILESTONES}{own_one}/change/")
    assert "MUG-42" in page.content.decode()
    assert staff.post(f"{MILESTONES}{own_one}/change/", {"value": 7}).status_code == 403
    with all_organizations():
        assert Milestone.objects.get(pk=own_one).reached_on == date(2026, 1, 1)
