from functools import partial
from typing import Any

import pytest
from django.test import Client as Browser

from accounts.models import Membership, Organization
from accounts.tenancy import all_organizations
from health.models import NoticePreference
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.factories import MembershipFactory, OrganizationFactory
from tests.health.consoles import user_of
from tests.jobs.test_races import at_once
from tests.sessions import sign_in

LIST = "/admin/health/noticepreference/"
QUIET = {"daily_digest": "on", "digest_hour": 17, "only_own": "on"}


@pytest.fixture
def staff(organization: Organization, outsider: Organization) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


def said() -> list[tuple[int, int, bool, bool, int, bool]]:
    with all_organizations():
        rows = NoticePreference.objects.order_by("id")
        names = ("organization", "user", "critical_at_once", "daily_digest", "digest_hour", "only_own")
        return list(rows.values_list(*names))


def preference(organization: Organization, **fields: Any) -> NoticePreference:
    user = MembershipFactory.create(organization=organization).user
    with all_organizations():
        return NoticePreference.objects.create(organization=organization, user=user, **fields)


def test_a_member_says_once_and_changes_it_later(staff: Browser, organization: Organization) -> None:
    user = user_of(staff)
    assert staff.get(f"{LIST}mine/")["Location"] == f"{LIST}add/"
    assert staff.get(f"{LIST}add/").status_code == 200
    assert staff.post(f"{LIST}add/", QUIET).status_code == 302
    assert said() == [(organization.pk, user.pk, False, True, 17, True)]
    own = staff.get(f"{LIST}mine/")["Location"]
    assert staff.get(own).status_code == 200
    staff.post(own, QUIET | {"digest_hour": 6})
    assert said() == [(organization.pk, user.pk, False, True, 6, True)]


def test_said_twice_the_second_counts(staff: Browser, organization: Organization) -> None:
    staff.post(f"{LIST}add/", QUIET)
    assert staff.post(f"{LIST}add/", {"critical_at_once": "on", "digest_hour": 0}).status_code == 302
    assert said() == [(organization.pk, user_of(staff).pk, True, False, 0, False)]


def test_said_many_times_at_once_one_counts(committed_db: None) -> None:
    organization = OrganizationFactory.create()
    user = MembershipFactory.create(organization=organization).user
    browsers = []
    for _ in range(6):
        browsers.append(Browser())
        sign_in(browsers[-1], user)
    answers = at_once(*(partial(browser.post, f"{LIST}add/", QUIET) for browser in browsers))
    assert [answer.status_code for answer in answers] == [302] * 6
    assert said() == [(organization.pk, user.pk, False, True, 17, True)]


@pytest.mark.parametrize("hour", ["24", "-1", "", "noon", "8.5", "9" * 30, "\0"])
def test_an_hour_is_one_of_the_day(staff: Browser, hour: str) -> None:
    assert (staff.post(f"{LIST}add/", QUIET | {"digest_hour": hour}).status_code, said()) == (200, [])


def test_members_see_their_own_and_owners_those_of_all(
    staff: Browser, organization: Organization, outsider: Organization
) -> None:
    other, foreign = preference(organization), preference(outsider)
    assert list(staff.get(LIST).context["cl"].result_list) == []
    owner = browser_of(organization, Membership.Role.OWNER)
    assert list(owner.get(LIST).context["cl"].result_list) == [other]
    for browser, row in ((staff, other), (staff, foreign), (owner, foreign)):
        assert browser.get(f"{LIST}{row.pk}/change/")["Location"] == "/admin/"
        assert browser.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})["Location"] == "/admin/"
    assert len(said()) == 2


def test_who_takes_it_back_hears_as_at_first(staff: Browser) -> None:
    staff.post(f"{LIST}add/", QUIET)
    own = staff.get(f"{LIST}mine/")["Location"]
    staff.post(own.replace("change", "delete"), {"post": "yes"})
    assert said() == []


def test_an_operator_without_a_place_has_none(organization: Organization) -> None:
    operator = operators_browser()
    assert operator.get(f"{LIST}mine/")["Location"] == LIST
    assert operator.get(f"{LIST}add/").status_code == 403
