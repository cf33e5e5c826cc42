from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction
from django.test import Client as Browser

from accounts.models import AuditEntry, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.contacts.policies import create_policy, policy_in_force, sentence_of
from emails.models import ContactPolicy
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.factories import UserFactory

ADD = "/admin/emails/contactpolicy/add/"
LIST = "/admin/emails/contactpolicy/"
VALUES = {"note": "Calmer.", "weekly_cap": 2, "send_from_hour": 9, "send_until_hour": 17, "business_days_only": "on"}


def in_force(organization: Organization) -> str:
    with organization_scope(organization.pk):
        return str(policy_in_force(organization.pk))


def versions(organization: Organization | None) -> list[tuple[Any, ...]]:
    with all_organizations():
        rows = ContactPolicy.objects.filter(organization=organization).order_by("version")
        return list(rows.values_list("weekly_cap", "send_from_hour", "send_until_hour", "business_days_only", "note"))


def test_the_newest_version_is_in_force(organization: Organization, outsider: Organization) -> None:
    assert in_force(organization) == "Platform default v1"
    with organization_scope(organization.pk):
        for cap in (4, 5):
            create_policy(organization, created_by=None, weekly_cap=cap)
    with all_organizations():
        create_policy(None, created_by=None)
    assert (in_force(organization), in_force(outsider)) == (f"{organization} v2", "Platform default v2")


def test_creating_a_version_is_audited_with_what_it_changes(scoped: Organization) -> None:
    owner = UserFactory.create()
    create_policy(scoped, created_by=owner, weekly_cap=2)
    second = create_policy(scoped, created_by=owner, weekly_cap=2, business_days_only=True)
    entries = AuditEntry.objects.order_by("id").values_list("action", "actor", "subject", "changes")
    assert list(entries) == [
        ("contact_policy.created", owner.pk, f"emails.ContactPolicy:{second.pk - 1}", {"weekly_cap": [3, 2]}),
        (
            "contact_policy.created",
            owner.pk,
            f"emails.ContactPolicy:{second.pk}",
            {"business_days_only": [False, True]},
        ),
    ]


NONSENSE = [
    {"weekly_cap": 0},
    {"weekly_cap": 51},
    {"send_from_hour": 21},
    {"send_from_hour": 24, "send_until_hour": 24},
    {"send_until_hour": 25},
    {"send_until_hour": 0},
    {"send_from_hour": -1},
]


@pytest.mark.parametrize("values", NONSENSE)
def test_a_policy_that_makes_no_sense_is_refused(organization: Organization, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError), organization_scope(organization.pk):
        create_policy(organization, created_by=None, **values)
    answer = browser_of(organization, Membership.Role.OWNER).post(ADD, VALUES | values)
    assert answer.status_code == 200
    assert versions(organization) == []


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_a_version_is_never_edited(scoped: Organization, verb: str) -> None:
    rows = ContactPolicy.objects.filter(pk=create_policy(scoped, created_by=None).pk)
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        rows.update(note="edited") if verb == "update" else rows._raw_delete(rows.db)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Every day between 7:00 and 21:00 in the client's timezone, at most 3 messages a week."),
        (
            {"business_days_only": True, "weekly_cap": 1},
            "Monday to Friday between 7:00 and 21:00 in the client's timezone, at most 1 message a week.",
        ),
        ({"send_from_hour": 0, "send_until_hour": 24}, "Every day, at any hour, at most 3 messages a week."),
    ],
)
def test_a_policy_says_what_it_means(values: dict[str, Any], sentence: str) -> None:
    assert sentence_of(ContactPolicy(**values)) == sentence


def test_an_owner_adds_a_version(organization: Organization, outsider: Organization) -> None:
    owner = browser_of(organization, Membership.Role.OWNER)
    page = owner.get(ADD).content.decode()
    assert "In force now: Every day between 7:00 and 21:00 in the client's timezone" in page
    assert owner.post(ADD, VALUES | {"organization": outsider.pk}).status_code == 302
    assert (versions(organization), versions(outsider)) == ([(2, 9, 17, True, "Calmer.")], [])
    shown = owner.get(LIST).content.decode()
    assert "Monday to Friday between 9:00 and 17:00 in the client&#x27;s timezone, at most 2 messages a week." in shown
    assert "messages to a client in a week, at most 3 → 2" in shown


def test_staff_read_what_is_in_force_and_add_nothing(organization: Organization) -> None:
    staff = browser_of(organization, Membership.Role.STAFF)
    assert "at most 3 messages a week" in staff.get(LIST).content.decode()
    assert staff.post(ADD, VALUES).status_code == 403
    assert versions(organization) == []


def test_an_operator_sets_the_platforms_default_and_that_of_anyone(organization: Organization) -> None:
    operator = operators_browser()
    assert operator.get(ADD, {"organization": organization.pk}).status_code == 200
    assert operator.post(ADD, VALUES).status_code == 302
    assert operator.post(ADD, VALUES | {"organization": organization.pk, "weekly_cap": 9}).status_code == 302
    assert versions(None)[1:] == [(2, 9, 17, True, "Calmer.")]
    assert versions(organization) == [(9, 9, 17, True, "Calmer.")]


def test_no_page_changes_a_version(organization: Organization) -> None:
    with organization_scope(organization.pk):
        policy = create_policy(organization, created_by=None)
    owner = browser_of(organization, Membership.Role.OWNER)
    place = f"{LIST}{policy.pk}/"
    assert owner.get(f"{place}change/").status_code == 200
    assert [owner.post(f"{place}{verb}/", VALUES | {"post": "yes"}).status_code for verb in ("change", "delete")] == [
        403
    ] * 2


def test_others_policies_are_not_shown(organization: Organization, outsider: Organization, browser: Browser) -> None:
    with organization_scope(outsider.pk):
        policy = create_policy(outsider, created_by=None, note="Only theirs.")
    owner = browser_of(organization, Membership.Role.OWNER)
    assert "Only theirs." not in owner.get(LIST).content.decode()
    assert owner.get(f"{LIST}{policy.pk}/change/").status_code == 302
