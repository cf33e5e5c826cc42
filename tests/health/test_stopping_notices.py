"""The button with which a member's mail program stops a kind of notice."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.models import OutboxEmail
from health.models import NoticePreference
from health.notices.critical import queue_critical_notices
from health.notices.links import Holder, stop_headers
from tests.factories import MembershipFactory
from tests.health.alert_rows import NOW, alert_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def ada(organization: Organization) -> Membership:
    membership: Membership = MembershipFactory.create(organization=organization, user__email="ada@example.com")
    return membership


def link(member: Membership, kind: str = "alert_digest") -> str:
    header = stop_headers(Holder(member.organization_id, member.user_id, kind))["List-Unsubscribe"]
    return header.strip("<>").removeprefix(settings.BASE_URL)


def chosen() -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(NoticePreference.objects.values_list("user", "critical_at_once", "daily_digest", "digest_hour"))


def test_a_notice_carries_the_button(ada: Membership, client_of_acme: Client) -> None:
    alert_of(client_of_acme)
    with organization_scope(ada.organization_id):
        queue_critical_notices(ada.organization_id, at=NOW)
        headers = OutboxEmail.objects.get().headers
    assert headers == {
        "List-Unsubscribe": f"<{settings.BASE_URL}{link(ada, 'critical_alerts')}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@pytest.mark.parametrize(
    ("kind", "left"), [("alert_digest", (True, False)), ("critical_alerts", (False, True))], ids=["digest", "critical"]
)
def test_one_click_stops_one_kind(ada: Membership, kind: str, left: tuple[bool, bool]) -> None:
    browser = Browser(enforce_csrf_checks=True)
    answers = [browser.post(link(ada, kind), ONE_CLICK) for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"Unsubscribed.\n")] * 2
    assert chosen() == [(ada.user_id, *left, 8)]


def test_what_else_the_member_chose_stays(ada: Membership) -> None:
    with all_organizations():
        NoticePreference.objects.create(organization=ada.organization, user=ada.user, digest_hour=17)
    Browser().post(link(ada), ONE_CLICK)
    assert chosen() == [(ada.user_id, True, False, 17)]


def test_looking_changes_nothing_and_the_page_has_a_button(ada: Membership) -> None:
    browser = Browser()
    page = browser.get(link(ada))
    assert (page["Referrer-Policy"], page["X-Robots-Tag"], page.cookies) == ("no-referrer", "noindex", {})
    assert "will no longer come" in page.content.decode()
    assert chosen() == []
    after = browser.post(link(ada), follow=True)
    assert after.redirect_chain == [(link(ada), 302)]
    assert "does not come any more" in after.content.decode()


def test_a_link_that_was_never_handed_out_leads_nowhere(ada: Membership, outsider: Organization) -> None:
    theirs = MembershipFactory.create(organization=outsider)
    mixed = stop_headers(Holder(outsider.pk, ada.user_id, "alert_digest"))["List-Unsubscribe"].strip("<>")
    tried = [link(ada) + "x", mixed.removeprefix(settings.BASE_URL), link(theirs, "password_link")]
    assert [Browser().post(address, ONE_CLICK).status_code for address in tried] == [404, 404, 404]
    assert chosen() == []
