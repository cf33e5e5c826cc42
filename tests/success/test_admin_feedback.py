import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from time_machine import travel

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.models import Feedback, FeedbackRequest
from tests.accounts.admin_pages import audited, browser_of, operators_browser
from tests.factories import ClientFactory, MembershipFactory

PLACE = "/admin/success/feedback/"
NOW = datetime(2026, 11, 17, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _at_that_time() -> Any:
    with travel(NOW, tick=False):
        yield


@pytest.fixture
def staff(organization: Organization, outsider: Organization) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


@pytest.fixture
def ada(organization: Organization) -> Client:
    made: Client = ClientFactory.create(organization=organization, name="Ada", signed_up_at=NOW - 400 * DAY)
    return made


def add(client: Client, *ratings: int, kind: str = "nps", days_ago: int = 1, comment: str = "") -> None:
    with organization_scope(client.organization_id):
        Feedback.objects.bulk_create(
            Feedback(
                organization_id=client.organization_id, client=client, kind=kind, rating=rating, comment=comment,
                given_at=NOW - days_ago * DAY,
            )
            for rating in ratings
        )  # fmt: skip


def lines(browser: Browser) -> list[list[tuple[Any, ...]]]:
    panel = browser.get(PLACE).context["feedback_panel"]
    return [
        [(line.days, line.n, line.value, line.interval, line.detail) for line in card.lines] for card in panel.cards
    ]


def test_the_figures_stand_above_the_list_with_their_n(staff: Browser, ada: Client, outsider: Organization) -> None:
    with organization_scope(outsider.pk):
        foreign = Client.objects.get()
    add(foreign, *[0] * 50)
    add(ada, 10, 9, 9, 8, 3)
    add(ada, 0, days_ago=100)
    add(ada, 5, 4, 4, 2, kind="csat")
    add(ada, 5, kind="csat", days_ago=200)
    recent, older = "promoters 3, passives 1, detractors 1", "promoters 3, passives 1, detractors 2"
    assert lines(staff) == [
        [
            (90, 5, "+40", "−30 to +80", recent),
            (180, 6, "+17", "−44 to +66", older),
            (365, 6, "+17", "−44 to +66", older),
        ],
        [(90, 4, "", "", ""), (180, 4, "", "", ""), (365, 5, "80 %", "38 to 96 %", "mean 4.00 of 5")],
    ]
    page = staff.get(PLACE).content.decode()
    assert page.count("not enough answers (under 5)") == 2
    assert "Rocks" in page


def test_without_answers_the_page_says_so(staff: Browser) -> None:
    page = staff.get(PLACE).content.decode()
    assert page.count("not enough answers (under 5)") == 6
    assert "feedback-bars" not in page


def test_an_operator_sees_everybodys(ada: Client, outsider: Organization) -> None:
    with organization_scope(outsider.pk):
        foreign = Client.objects.get()
    add(ada, 10, 10, 10)
    add(foreign, 0, 0, 0)
    assert lines(operators_browser())[0][0][:3] == (90, 6, "0")


def test_a_long_comment_is_cut_in_the_list_and_whole_on_its_page(staff: Browser, ada: Client) -> None:
    add(ada, 9, comment="🚀" * 2_000)
    listed = staff.get(PLACE).content.decode()
    assert "🚀" * 160 + "…" in listed
    with all_organizations():
        pk = Feedback.objects.get().pk
    assert "🚀" * 2_000 in staff.get(f"{PLACE}{pk}/change/").content.decode()


@pytest.mark.parametrize("query", ["kind__exact=csat", "channel__exact=link", "rating=4", "q=slow"])
def test_answers_are_found(staff: Browser, ada: Client, query: str) -> None:
    add(ada, 9, comment="quick")
    add(ada, 4, kind="csat", comment="slow")
    with organization_scope(ada.organization_id):
        Feedback.objects.filter(kind="csat").update(channel="link")
    assert [row.comment for row in staff.get(f"{PLACE}?{query}").context["cl"].result_list] == ["slow"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"given_at_0": "2026-11-18"}, "given_at"),
        ({"comment": "x" * 2_001}, "comment"),
        ({"comment": "a\0b"}, "comment"),
        ({"kind": "csat", "rating": "6"}, "__all__"),
    ],
)
def test_an_answer_that_cannot_be_is_explained(
    staff: Browser, ada: Client, changes: dict[str, str], field: str
) -> None:
    form = {"client": ada.pk, "kind": "nps", "rating": 6, "comment": ""}
    form |= {"given_at_0": "2026-11-01", "given_at_1": "12:00:00"} | changes
    response = staff.post(f"{PLACE}add/", form)
    assert (response.status_code, list(response.context["adminform"].form.errors)) == (200, [field])


def test_an_answer_that_staff_enters_says_so(staff: Browser, ada: Client) -> None:
    form = {"client": ada.pk, "kind": "csat", "rating": 4, "comment": "on the phone"}
    form |= {"given_at_0": "2026-11-01", "given_at_1": "12:00:00"}
    assert staff.post(f"{PLACE}add/", form).status_code == 302
    with all_organizations():
        assert list(Feedback.objects.values_list("channel", "comment")) == [("staff", "on the phone")]


def ask(browser: Browser, client: Client) -> Any:
    form = {"name": client.name, "email": "", "status": "active", "timezone": "", "language": ""}
    form |= {"signed_up_at_0": "2025-10-13", "signed_up_at_1": "12:00:00", "accounts_client_copy_feedback_link": "1"}
    return browser.post(f"/admin/accounts/client/{client.pk}/change/", form, follow=True)


def test_a_link_is_handed_out_once(staff: Browser, ada: Client) -> None:
    shown = ask(staff, ada)
    found = re.search(r'value="(http://testserver/feedback/[^"]+)"', shown.content.decode())
    assert found
    assert "no-store" in shown["Cache-Control"]
    assert Browser().get(found[1]).status_code == 200
    assert [entry for entry in audited(ada.organization) if entry[0] == "client.feedback_asked"] == [
        ("client.feedback_asked", {"kind": "nps"})
    ]
    again = ask(staff, ada)
    assert "Not asked: clients are asked from 30 days on" in again.content.decode()
    with all_organizations():
        assert FeedbackRequest.objects.count() == 1


def test_a_client_whose_login_is_used_elsewhere_can_be_asked_too(
    staff: Browser, ada: Client, outsider: Organization
) -> None:
    with all_organizations():
        Client.objects.filter(pk=ada.pk).update(user=MembershipFactory.create(organization=outsider).user)
    page = staff.get(f"/admin/accounts/client/{ada.pk}/change/").content.decode()
    assert ("copy_feedback_link" in page, "give_login" in page) == (True, False)
    assert "/feedback/" in ask(staff, ada).content.decode()
