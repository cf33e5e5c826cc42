from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils.http import urlencode

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.models import Feedback, Score, Task
from success.scoring import score_clients
from telemetry.incoming import IncomingEvent
from telemetry.partitions import retire_month
from tests.factories import ClientFactory, UserFactory
from tests.sessions import sign_in
from tests.success.test_behind import NOW, PERIOD_END, event, record

PAGE = "/client/dashboard/success/events"


@pytest.fixture
def ada(organization: Organization) -> Client:
    made: Client = ClientFactory.create(organization=organization, external_id="user-1", user=UserFactory.create())
    with all_organizations():
        Client.objects.filter(pk=made.pk).update(created_at=NOW - timedelta(days=90))
    return made


@pytest.fixture
def browser(ada: Client) -> Browser:
    return sign_in(Browser(), ada.user)


def score_all(organization: Organization) -> None:
    with organization_scope(organization.pk):
        score_clients(organization.pk, period_end=PERIOD_END, computed_at=NOW)


def get(browser: Browser, part: str = "events", **query: Any) -> Any:
    return browser.get(f"{PAGE}?{urlencode({'part': part} | query)}")


def shown(page: Any) -> list[tuple[date, list[tuple[str, str]]]]:
    return [(day.day, [(line.name, line.kind) for line in day.lines]) for day in page.context["page"].days]


def logins(organization: Organization, count: int) -> None:
    """A second apart, three at a time at the very same moment."""
    record(
        organization,
        *(event("login", at=NOW - timedelta(days=1, seconds=number // 3), number=number) for number in range(count)),
    )


def test_what_was_counted_stands_there_by_day(browser: Browser, organization: Organization) -> None:
    late = datetime(2026, 11, 14, 23, 30, tzinfo=UTC)
    record(
        organization,
        IncomingEvent(message_id="p", name="page_view", external_id="user-1", stated_at=late, page_path="/report"),
        event("Something Else", at=late - timedelta(hours=1), number=1),
        event("audit_created", at=late - timedelta(hours=2), number=2),
    )
    score_all(organization)
    page = get(browser)
    assert shown(page) == [
        (date(2026, 11, 15), [("page_view", "Page view")]),
        (date(2026, 11, 14), [("Something Else", "Other activity"), ("audit_created", "Task completed")]),
    ]
    text = page.content.decode()
    assert '<b class="number" id="counted">3</b>' in text
    assert "/report" in text
    assert "12:30 a.m." in text
    assert shown(get(browser, "high_value")) == [(date(2026, 11, 14), [("audit_created", "Task completed")])]


def test_times_are_the_readers_and_days_the_organizations(
    browser: Browser, ada: Client, organization: Organization
) -> None:
    record(organization, event("login", at=datetime(2026, 11, 14, 22, 30, tzinfo=UTC)))
    score_all(organization)
    with all_organizations():
        Client.objects.filter(pk=ada.pk).update(timezone="Asia/Kathmandu")
    page = get(browser)
    assert [day for day, _ in shown(page)] == [date(2026, 11, 14)]
    text = page.content.decode()
    assert "4:15 a.m." in text
    assert "Days begin at midnight in Europe/Berlin" in text
    assert "Times of day are those of Asia/Kathmandu" in text


def test_pages_turn_without_losing_or_repeating_one(browser: Browser, organization: Organization) -> None:
    logins(organization, 120)
    score_all(organization)
    sizes, at, after = [], [], ""
    while True:
        page = get(browser, after=after).context["page"]
        lines = [line.at for day in page.days for line in day.lines]
        sizes.append(len(lines))
        at += lines
        if page.next is None:
            break
        after = str(page.next)
    assert sizes == [50, 50, 20]
    assert at == sorted((NOW - timedelta(days=1, seconds=number // 3) for number in range(120)), reverse=True)


@pytest.mark.parametrize("after", ["x", "1_", "_1", "9" * 30 + "_1", "9" * 18 + "_1", "\0", "-5_3", "٣_٣"])
def test_a_made_up_cursor_begins_anew(browser: Browser, organization: Organization, after: str) -> None:
    logins(organization, 1)
    score_all(organization)
    assert len(shown(get(browser, after=after))) == 1


def test_the_page_takes_the_same_queries_however_much_there_is(
    browser: Browser, organization: Organization, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for number in (1, 120):
        logins(organization, number)
        score_all(organization)
        with django_assert_max_num_queries(40) as queries:
            get(browser)
        counts.append(len(queries.captured_queries))
    assert counts[0] == counts[1]


def test_days_tasks_and_answers_are_listed_too(browser: Browser, ada: Client, organization: Organization) -> None:
    logins(organization, 4)
    with organization_scope(organization.pk):
        for title, done in (("Import", NOW - timedelta(days=2)), ("Invite", None)):
            Task.objects.create(
                organization=organization, client=ada, title=title, is_onboarding=True, completed_at=done,
                status="done" if done else "todo", created_at=NOW - timedelta(days=9), updated_at=NOW,
            )  # fmt: skip
        Feedback.objects.create(
            organization=organization, client=ada, kind="nps", rating=9, comment="<b>Good",
            given_at=NOW - timedelta(days=5),
        )  # fmt: skip
    score_all(organization)
    days, tasks, answers = (get(browser, part) for part in ("active_days", "tasks", "answers"))
    assert [(day.day, day.count) for day in days.context["page"].day_counts] == [(date(2026, 11, 15), 4)]
    assert [(task.title, task.was_done) for task in tasks.context["page"].tasks] == [
        ("Import", True),
        ("Invite", False),
    ]
    assert '<b class="number" id="counted">1 of 2</b>' in tasks.content.decode()
    assert "&lt;b&gt;Good" in answers.content.decode()


def test_what_is_too_old_stands_there_by_day(browser: Browser, organization: Organization) -> None:
    old = datetime(2026, 10, 20, 12, tzinfo=UTC)
    record(organization, *(event("login", at=old, number=n) for n in range(3)), received_at=old)
    score_all(organization)
    with all_organizations():
        retire_month(date(2026, 10, 1))
    text = get(browser).content.decode()
    assert "3 are too old to be kept singly" in text
    assert "Kept as counts by day" in text
    assert "Oct. 20, 2026" in text


def test_what_came_in_since_says_so(browser: Browser, organization: Organization) -> None:
    logins(organization, 2)
    score_all(organization)
    record(organization, event("login", at=NOW - timedelta(days=3), number=9), received_at=NOW + timedelta(hours=1))
    page = get(browser)
    assert "1 more came in after the score was computed" in page.content.decode()
    assert [[line.came_later for line in day.lines] for day in page.context["page"].days] == [[False, False], [True]]


def test_an_empty_count_says_so(browser: Browser, organization: Organization) -> None:
    score_all(organization)
    page = get(browser, "content")
    assert (page.status_code, "Nothing happened in these days." in page.content.decode()) == (200, True)


@pytest.mark.parametrize(
    "query",
    [
        {"part": "nonsense"}, {"part": ""}, {"part": "\0"}, {"part": "events", "period": "2026-11-09"},
        {"part": "events", "period": "x"}, {"part": "events", "period": "2026-02-31"},
        {"part": "events", "period": "9999-12-31"}, {"part": "events", "period": "\0"},
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_calmly(browser: Browser, organization: Organization, query: dict[str, str]) -> None:
    score_all(organization)
    page = browser.get(f"{PAGE}?{urlencode(query)}")
    assert (page.status_code, "Nothing to show here" in page.content.decode()) == (404, True)


def test_before_the_first_score_there_is_nothing(browser: Browser) -> None:
    assert get(browser).status_code == 404


def test_nobody_sees_what_another_client_did(
    browser: Browser, ada: Client, organization: Organization, outsider: Organization
) -> None:
    for stranger, owner in (("user-2", organization), ("user-1", outsider)):
        record(owner, event("login", at=NOW - timedelta(days=2), number=f"of {stranger}", client=stranger))
        score_all(owner)
    page = get(browser, period=PERIOD_END)
    with organization_scope(organization.pk):
        assert page.context["page"].score == Score.objects.get(client=ada)
    assert shown(page) == []
