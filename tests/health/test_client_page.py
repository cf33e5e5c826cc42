"""The admin's page of one client: everything that is known of it, in the organization's days."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Client, Membership, Organization
from accounts.tenancy import all_organizations
from emails.categories import Category, Frequency
from emails.consent import Word, record_consents
from emails.models import Contact, OutboxEmail
from emails.models.preferences import Source
from health.models import ClientNote
from health.timeline.entries import MOST
from success.heatmap import DayCount
from success.models import Churn, Feedback, Task
from telemetry.models import ClientActivity, DailyActivity
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.factories import ClientFactory
from tests.health.alert_rows import alert_of, entry_of
from tests.health.consoles import told, user_of
from tests.success.scored_clients import add_activity, add_score
from tests.success.told_clients import add_insight, add_milestone, add_task

# Half an hour past midnight of the nineteenth in Berlin.
NOW = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
NINETEENTH = date(2026, 11, 19)
EIGHTEENTH = date(2026, 11, 18)
MONDAY = date(2026, 11, 16)
BEFORE_MIDNIGHT = NOW - timedelta(minutes=31)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def staff(organization: Organization) -> Browser:
    return browser_of(organization, Membership.Role.STAFF)


def address(client: Client) -> str:
    return f"/admin/accounts/client/{client.pk}/overview/"


def page(browser: Browser, client: Client, **parameters: Any) -> Any:
    response = browser.get(address(client), parameters)
    assert response.status_code == 200
    return response


def lines(browser: Browser, client: Client, **parameters: Any) -> list[tuple[date, str, str, str, str]]:
    """Day, title, detail, who and where it leads; without the beginning."""
    shown = page(browser, client, **parameters).context["page"].lines
    with timezone.override(client.organization.timezone):
        return [
            (line.day, line.title, line.detail, line.actor, line.address.removeprefix("/admin/"))
            for line in shown
            if line.kind != "created"
        ]


def days(client: Client, counts: dict[date, dict[str, int]]) -> None:
    with all_organizations():
        for day, fields in counts.items():
            at = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
            DailyActivity.objects.create(
                organization_id=client.organization_id, client=client, day=day, first_at=at, last_at=at, **fields
            )


def test_every_source_stands_on_the_timeline_on_its_day(
    staff: Browser, organization: Organization, outsider: Organization, client_of_acme: Client
) -> None:
    client, actor = client_of_acme, user_of(staff)
    days(client, {EIGHTEENTH: {"total": 7, "login": 2, "content_generated": 4, "unmapped": 1}})
    alert = alert_of(client, opened_at=BEFORE_MIDNIGHT - timedelta(hours=2), changed_at=NOW)
    entry_of(alert, step="acknowledged", at=NOW, actor=actor, note="On it.")
    score = add_score(client, period_end=MONDAY, overall=38, band="at_risk")
    added = add_task(client, "Connect", created_at=BEFORE_MIDNIGHT, updated_at=BEFORE_MIDNIGHT)
    done = add_task(client, "Sign", status="done", completed_at=NOW, created_at=NOW - timedelta(days=40))
    add_milestone(client, "contents-10", reached_on=EIGHTEENTH)
    add_insight(client, "weekly_summary", period_end=MONDAY, created_at=NOW - timedelta(days=3))
    add_insight(client, "recommendation", period_end=MONDAY, created_at=NOW - timedelta(days=3))
    with all_organizations():
        mine = {"organization": organization, "client": client}
        feedback = Feedback.objects.create(**mine, kind="nps", rating=4, comment="Slow.", given_at=NOW)
        Churn.objects.create(**mine, churned_on=NINETEENTH, reason="Too dear.", marked_at=NOW)
        ClientNote.objects.create(**mine, text="Called.", author=actor, written_at=BEFORE_MIDNIGHT)
    name = actor.get_username()
    assert sorted(lines(staff, client)) == sorted(
        [
            (EIGHTEENTH, "7 activities", "Login 2, Content generated 4, Unmapped 1", "", ""),
            (EIGHTEENTH, "Zero activity: opened", "", "", f"health/alert/{alert.pk}/change/"),
            (NINETEENTH, "Zero activity: acknowledged", "On it.", name, f"health/alert/{alert.pk}/change/"),
            (MONDAY, "Score 38, At risk", "", "", f"success/score/{score.pk}/change/"),
            (EIGHTEENTH, "Task added", "Connect", "", f"success/task/{added.pk}/change/"),
            (NINETEENTH, "Task done", "Sign", "", f"success/task/{done.pk}/change/"),
            (EIGHTEENTH, "Milestone reached", "10 contents", "", ""),
            (
                MONDAY,
                "2 insights, week to Nov. 16, 2026",
                "Recommendation, Weekly summary",
                "",
                "",
            ),
            (NINETEENTH, "Feedback: NPS 4", "Slow.", "", f"success/feedback/{feedback.pk}/change/"),
            (NINETEENTH, "Client left", "Too dear.", "", ""),
            (EIGHTEENTH, "Note", "Called.", name, ""),
        ]
    )


def test_mail_stands_on_it_with_what_became_of_it(
    staff: Browser, organization: Organization, outsider: Organization, client_of_acme: Client
) -> None:
    with all_organizations():
        facts = {"channel": "email", "priority": 1, "is_budgeted": True, "decided_at": BEFORE_MIDNIGHT, "due_at": NOW}
        mine = facts | {"organization": organization, "client": client_of_acme, "kind": "weekly-success"}
        sent = Contact.objects.create(**mine, key="sent", status="sent", settled_at=NOW)
        skipped = Contact.objects.create(**mine, key="skipped", status="skipped", reason="budget")
        planned = Contact.objects.create(**mine, key="planned", status="planned")
        called = Contact.objects.create(**mine | {"channel": "call", "kind": "gone"}, key="call", status="failed")
        other = ClientFactory.create(organization=outsider)
        theirs = mine | {"organization": outsider, "client": other}
        Contact.objects.create(**theirs, key="theirs", status="sent")
        OutboxEmail.objects.create(
            organization=organization, client=client_of_acme, contact=sent, kind="weekly-success", key="sent",
            to_address="a@example.org", subject="Your week", text="-", next_attempt_at=NOW, queued_at=NOW,
        )  # fmt: skip
    assert sorted(lines(staff, client_of_acme)) == sorted(
        [
            (NINETEENTH, "Weekly summary: sent", "Your week", "", f"emails/contact/{sent.pk}/change/"),
            (EIGHTEENTH, "Weekly summary: not sent", "Enough messages this week", "",
             f"emails/contact/{skipped.pk}/change/"),
            (EIGHTEENTH, "Weekly summary: planned", "for Nov. 19, 2026, 12:30 a.m.", "",
             f"emails/contact/{planned.pk}/change/"),
            (EIGHTEENTH, "gone: failed (Call)", "", "", f"emails/contact/{called.pk}/change/"),
        ]
    )  # fmt: skip


def test_what_the_client_said_about_mail_stands_on_it(
    staff: Browser, organization: Organization, outsider: Organization, client_of_acme: Client
) -> None:
    actor, other = user_of(staff), ClientFactory.create(organization=outsider)
    weekly = Word(client_of_acme.pk, Category.WEEKLY, True, BEFORE_MIDNIGHT, Frequency.EVERY_OTHER_WEEK)
    said = [weekly, Word(client_of_acme.pk, Category.FEEDBACK, True, BEFORE_MIDNIGHT)]
    with all_organizations():
        record_consents(organization.pk, said, source=Source.STAFF, actor=actor)
        record_consents(
            organization.pk, [Word(client_of_acme.pk, Category.WEEKLY, False, NOW)], source=Source.ONE_CLICK
        )
        record_consents(outsider.pk, [Word(other.pk, Category.WEEKLY, True, NOW)], source=Source.API)
    pages = {line[1]: line[-1] for line in lines(staff, client_of_acme)}
    name = actor.get_username()
    assert sorted(line[:-1] for line in lines(staff, client_of_acme)) == [
        (EIGHTEENTH, "Questions about your experience: agreed to", "Entered by staff", name),
        (EIGHTEENTH, "Weekly summary: agreed to", "Every other week, Entered by staff", name),
        (NINETEENTH, "Weekly summary: not wanted", "Unsubscribe button of a mail program", ""),
    ]
    assert [staff.get(f"/admin/{address}").status_code for address in pages.values()] == [200] * 3


def test_every_line_leads_to_a_page(staff: Browser, client_of_acme: Client) -> None:
    alert_of(client_of_acme, opened_at=NOW)
    add_score(client_of_acme, period_end=MONDAY)
    add_task(client_of_acme, created_at=NOW)
    for *_, place in lines(staff, client_of_acme):
        assert staff.get(f"/admin/{place}").status_code == 200


def test_the_newest_comes_first_within_thirty_days(staff: Browser, client_of_acme: Client) -> None:
    first, beyond = NINETEENTH - timedelta(days=29), NINETEENTH - timedelta(days=30)
    days(client_of_acme, {day: {"total": day.day} for day in (beyond, first, MONDAY, NINETEENTH)})
    with all_organizations():
        at = datetime(2026, 10, 20, 15, tzinfo=UTC)
        ClientActivity.objects.create(
            organization_id=client_of_acme.organization_id, client=client_of_acme, first_at=at, last_at=NOW
        )
    assert [day for day, *_ in lines(staff, client_of_acme)] == [NINETEENTH, MONDAY, first]
    assert page(staff, client_of_acme).context["page"].timeline.has_earlier
    earlier = page(staff, client_of_acme, until=beyond.isoformat())
    assert [line.title for line in earlier.context["page"].lines] == ["20 activities"]
    assert 'href="?">Newest</a>' in earlier.content.decode()


def test_other_clients_are_not_on_it(
    staff: Browser, organization: Organization, outsider: Organization, client_of_acme: Client
) -> None:
    for other in (ClientFactory.create(organization=organization), ClientFactory.create(organization=outsider)):
        days(other, {EIGHTEENTH: {"total": 3}})
        alert_of(other, opened_at=NOW)
        add_score(other, period_end=MONDAY)
        add_task(other, created_at=NOW)
    assert lines(staff, client_of_acme) == []
    assert page(staff, client_of_acme).context["page"].alerts == []


@pytest.mark.parametrize(
    "until",
    ["", "garbage", "\0", "2026-02-30", "9999-12-31", "10000-01-01", "2026-11-20", "-0001-01-01", "2026-13-45T00:00"],
)
def test_a_day_that_is_none_or_is_to_come_is_today(staff: Browser, client_of_acme: Client, until: str) -> None:
    timeline = page(staff, client_of_acme, until=until).context["page"].timeline
    assert (timeline.first, timeline.last) == (date(2026, 10, 21), NINETEENTH)


@pytest.mark.parametrize("until", ["0001-01-01", "0001-01-15", "1000-06-01"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_long_before_there_was_nothing(staff: Browser, client_of_acme: Client, until: str, zone: str) -> None:
    with all_organizations():
        Organization.objects.filter(pk=client_of_acme.organization_id).update(timezone=zone)
    shown = page(staff, client_of_acme, until=until).context["page"]
    assert (list(shown.lines), shown.timeline.has_earlier) == ([], False)


def test_more_than_fits_is_said(staff: Browser, client_of_acme: Client) -> None:
    with all_organizations():
        Task.objects.bulk_create(
            Task(
                organization_id=client_of_acme.organization_id,
                client=client_of_acme,
                title=f"Task {number}",
                created_at=NOW - timedelta(minutes=number),
                updated_at=NOW,
            )
            for number in range(MOST + 5)
        )
    response = page(staff, client_of_acme)
    assert len(response.context["page"].lines) == MOST
    assert "There was more in these days" in response.content.decode()
    assert "And more." in response.content.decode()


def test_a_client_of_whom_nothing_is_known_has_a_page(staff: Browser, client_of_acme: Client) -> None:
    text = page(staff, client_of_acme).content.decode()
    for sentence in ("No score yet", "none yet", "0 events on 0 days.", "None.", "Client first known here"):
        assert sentence in text


def test_a_score_that_was_not_measured_is_said(staff: Browser, client_of_acme: Client) -> None:
    add_score(client_of_acme, period_end=MONDAY, overall=None, band="")
    assert lines(staff, client_of_acme)[0][1] == "Score: not measured"


def test_a_client_of_another_organization_is_as_missing(staff: Browser, outsider: Organization) -> None:
    foreign = ClientFactory.create(organization=outsider)
    for number in (foreign.pk, 999_999_999):
        response = staff.get(f"/admin/accounts/client/{number}/overview/")
        assert (response.status_code, response["Location"]) == (302, "/admin/")
        response = staff.post(f"/admin/accounts/client/{number}/overview/", {"text": "Hello."})
        assert (response.status_code, response["Location"]) == (302, "/admin/")
    with all_organizations():
        assert not ClientNote.objects.exists()


@pytest.mark.parametrize("number", ["0", "abc", "9" * 30, "1'", "%00"])
def test_a_page_of_no_client_leads_home(staff: Browser, number: str) -> None:
    assert staff.get(f"/admin/accounts/client/{number}/overview/").status_code == 302


def notes() -> list[tuple[str, int | None, datetime]]:
    with all_organizations():
        return list(ClientNote.objects.order_by("id").values_list("text", "author", "written_at"))


def test_a_note_is_on_the_timeline_at_once(staff: Browser, client_of_acme: Client) -> None:
    response = staff.post(address(client_of_acme), {"text": "  She calls\nback.  "})
    assert (response.status_code, response["Location"], told(response)) == (
        302,
        address(client_of_acme),
        ["The note is on the timeline."],
    )
    assert notes() == [("She calls\nback.", user_of(staff).pk, NOW)]
    name = user_of(staff).get_username()
    assert lines(staff, client_of_acme) == [(NINETEENTH, "Note", "She calls\nback.", name, "")]


@pytest.mark.parametrize("text", ["", " \n ", "a\0b", "x" * 5001], ids=["empty", "blank", "NUL", "too long"])
def test_a_note_that_cannot_be_kept_is_refused(staff: Browser, client_of_acme: Client, text: str) -> None:
    response = staff.post(address(client_of_acme), {"text": text})
    assert (response.status_code, notes()) == (200, [])
    assert 'role="alert"' in response.content.decode()


def test_what_people_wrote_is_escaped(staff: Browser, organization: Organization) -> None:
    script = "<script>alert(1)</script>"
    client = ClientFactory.create(organization=organization, name=script, external_id=script, email="a@example.com")
    add_task(client, script, created_at=NOW)
    alert = alert_of(client, opened_at=NOW)
    entry_of(alert, step="noted", at=NOW, note=script)
    with all_organizations():
        mine = {"organization": organization, "client": client}
        Feedback.objects.create(**mine, kind="csat", rating=1, comment=script, given_at=NOW)
        Churn.objects.create(**mine, churned_on=EIGHTEENTH, reason=script[:20], marked_at=NOW)
    staff.post(address(client), {"text": f"{script}🦆" + "x" * 4_900})
    for place in (address(client), f"/admin/health/alert/{alert.pk}/change/", "/admin/health/alert/"):
        text = staff.get(place).content.decode()
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert(1)" not in text


def test_the_page_begins_with_how_it_stands(staff: Browser, client_of_acme: Client) -> None:
    add_score(client_of_acme, period_end=MONDAY - timedelta(days=7), overall=60)
    newest = add_score(client_of_acme, period_end=MONDAY, overall=55)
    add_activity(client_of_acme, {EIGHTEENTH: 3, NINETEENTH - timedelta(days=29): 4, date(2026, 10, 20): 100})
    alert = alert_of(client_of_acme, opened_at=NOW)
    alert_of(client_of_acme, matter="tasks", kind="task_stalled", resolved_at=NOW, resolution="by_hand")
    todo = add_task(client_of_acme)
    add_task(client_of_acme, status="done")
    shown = page(staff, client_of_acme).context["page"]
    assert (shown.scored.standing.score, shown.scored.standing.change) == (newest, -5)
    assert (shown.activity.total, shown.activity.active_days, len(shown.activity.days)) == (7, 2, 30)
    assert (shown.activity.days[0], shown.activity.days[-2]) == (
        DayCount(date(2026, 10, 21), 4),
        DayCount(EIGHTEENTH, 3),
    )
    assert (shown.alerts, shown.tasks) == ([alert], [todo])


def test_an_operator_reads_times_in_the_clients_days(client_of_acme: Client) -> None:
    days(client_of_acme, {NINETEENTH: {"total": 1}, EIGHTEENTH: {"total": 2}})
    shown = page(operators_browser(), client_of_acme).context["page"]
    assert (shown.activity.days[-1], shown.timeline.last) == (DayCount(NINETEENTH, 1), NINETEENTH)


def test_the_page_takes_as_many_queries_with_three_of_each(staff: Browser, client_of_acme: Client) -> None:
    def spent() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(staff, client_of_acme)
        return len(captured)

    def one_of_each(week: int, matter: str, kind: str) -> None:
        add_score(client_of_acme, period_end=MONDAY - timedelta(weeks=week))
        add_task(client_of_acme, created_at=NOW)
        alert_of(client_of_acme, matter=matter, kind=kind, opened_at=NOW, owner=user_of(staff))
        with all_organizations():
            mine = {"organization_id": client_of_acme.organization_id, "client": client_of_acme}
            ClientNote.objects.create(**mine, text="Called.", author=user_of(staff), written_at=NOW)
            Feedback.objects.create(**mine, kind="nps", rating=4, given_at=NOW)

    one_of_each(0, "silence", "zero_activity")
    one_of_each(1, "tasks", "task_stalled")
    spent()
    few = spent()
    one_of_each(2, "score", "score_drop")
    one_of_each(3, "churn", "churn_risk")
    assert spent() == few
