import pytest
from django.test import Client as Browser
from django.urls import reverse

from accounts.models import Membership, Organization
from accounts.tenancy import organization_scope
from success.insights.actions import dismiss_insight
from success.models import Insight
from tests.factories import MembershipFactory
from tests.sessions import sign_in
from tests.success.histories import store
from tests.success.test_insights_writing import ONCE, chain
from tests.success.test_scoring import NOW, SILENT

LIST = reverse("admin:success_insight_changelist")


@pytest.fixture
def staff(organization: Organization, browser: Browser) -> Browser:
    store(organization, [SILENT, ONCE])
    chain(organization)
    with organization_scope(organization.pk):
        dismissed = Insight.objects.select_related("client").get(kind="milestone")
        dismiss_insight(dismissed.client, dismissed.pk, at=NOW)
    return sign_in(browser, MembershipFactory.create(organization=organization, role=Membership.Role.STAFF).user)


def shown(staff: Browser, query: str) -> list[str]:
    response = staff.get(f"{LIST}?{query}")
    assert response.status_code == 200
    return [str(insight.kind) for insight in response.context["cl"].result_list]


def test_the_list_shows_the_most_urgent_first(staff: Browser) -> None:
    everything = shown(staff, "")
    assert (everything[0], len(everything)) == ("recommendation", 5)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=dismissed", ["milestone"]),
        ("status=nonsense", 5),
        ("period_end=2026-11-16", 5),
        ("period_end=2026-11-09", 0),
        ("period_end=nonsense", 5),
        ("period_end=2026-02-31", 5),
        ("kind__exact=milestone", ["milestone"]),
        ("priority__exact=3", ["recommendation"]),
        ("q=c1", 3),
    ],
)
def test_filters(staff: Browser, query: str, expected: list[str] | int) -> None:
    found = shown(staff, query)
    assert (len(found) if isinstance(expected, int) else found) == expected


def test_an_insight_is_shown_with_its_text_and_evidence_and_nothing_to_change(
    staff: Browser, organization: Organization
) -> None:
    with organization_scope(organization.pk):
        insight = Insight.objects.get(kind="milestone")
    page = staff.get(reverse("admin:success_insight_change", args=[insight.pk])).content.decode()
    assert "You completed 1 task between November 9 and November 15." in page
    assert "Tasks completed" in page
    assert "Unread" not in page
    assert 'name="_save"' not in page
    assert staff.post(reverse("admin:success_insight_change", args=[insight.pk]), {}).status_code == 403
    assert staff.get(reverse("admin:success_insight_add")).status_code == 403
