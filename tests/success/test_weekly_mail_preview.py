import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.models import Contact, OutboxEmail
from success.models import FeedbackRequest
from success.weekly_mail.previewing import preview_of
from tests.factories import ClientFactory, MembershipFactory, UserFactory
from tests.sessions import sign_in
from tests.success.scored_clients import add_score
from tests.success.weekly_mails import MONDAY, WEEK, agree, mails, queue, the_mail, words

VERDICT = re.compile(r'class="mail-verdict">([^<]*)<')


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def client(organization: Organization) -> Client:
    made: Client = ClientFactory.create(
        organization=organization, external_id="ada", name="Ada", signed_up_at=MONDAY - timedelta(days=200)
    )
    add_score(made, period_end=WEEK)
    return made


@pytest.fixture
def staff(browser: Browser, organization: Organization) -> Browser:
    return sign_in(browser, MembershipFactory.create(organization=organization).user)


def address(client: Client, query: str = "") -> str:
    return f"/admin/accounts/client/{client.pk}/weekly-mail/{query}"


def page(browser: Browser, client: Client, query: str = "") -> str:
    response = browser.get(address(client, query))
    assert response.status_code == 200
    return response.content.decode()


def verdict(browser: Browser, client: Client) -> str:
    [said] = VERDICT.findall(page(browser, client))
    return unescape(said)


def framed(html: str) -> str:
    [mail] = re.findall(r'srcdoc="([^"]*)"', html)
    return unescape(mail)


def rows() -> list[int]:
    with all_organizations():
        return [model.objects.count() for model in (Contact, OutboxEmail, FeedbackRequest)]


def test_it_shows_the_mail_that_would_be_sent(staff: Browser, client: Client, organization: Organization) -> None:
    agree([client], "weekly", "feedback")
    shown = framed(page(staff, client))
    queue(organization)
    sent = the_mail()
    assert words(shown) == words(sent.html)
    assert sent.subject in page(staff, client)


def test_looking_writes_nothing_and_hands_out_no_permission(staff: Browser, client: Client) -> None:
    agree([client], "weekly", "feedback")
    mail = framed(page(staff, client))
    assert "How likely are you to recommend" in mail
    assert rows() == [0, 0, 0]
    assert ("/feedback/" in mail, "/mail/" in mail) == (False, False)


@pytest.mark.parametrize(
    ("category", "agreed", "said"),
    [
        ("weekly", True, "It would be sent, on Nov. 16, 2026, 9 a.m. (Europe/Berlin)."),
        ("weekly", False, "It would not be sent now: Does not want it."),
        ("reminders", True, "It would not be sent now: Never asked for consent."),
    ],
)
def test_it_says_whether_it_would_be_sent(
    staff: Browser, client: Client, category: str, agreed: bool, said: str
) -> None:
    agree([client], category, is_agreed=agreed)
    assert verdict(staff, client) == said


def test_it_says_what_was_decided(staff: Browser, client: Client, organization: Organization) -> None:
    agree([client])
    queue(organization)
    assert verdict(staff, client) == "Decided on Nov. 16, 2026, 9 a.m. (Europe/Berlin); now: Planned."
    assert len(mails()) == 1
    other = ClientFactory.create(organization=organization)
    queue(organization)
    assert verdict(staff, other) == (
        "Decided on Nov. 16, 2026, 9 a.m. (Europe/Berlin) that it is not sent: No address."
    )


def test_who_has_nothing_to_be_told_is_told_so(staff: Browser, organization: Organization) -> None:
    silent = ClientFactory.create(organization=organization)
    agree([silent])
    assert verdict(staff, silent) == "It would not be sent now: Nothing to tell."
    assert "not measured" in framed(page(staff, silent))


def test_past_weeks_and_plain_text(staff: Browser, client: Client) -> None:
    add_score(client, period_end=WEEK - timedelta(weeks=1), overall=31)
    html = page(staff, client, "?show=text&week=2026-11-09")
    assert "Your success score: 31 of 100" in unescape(html)
    assert "iframe" not in html.partition("mail-preview")[2].partition("</pre>")[0]
    assert all(f"show=text&amp;week=2026-11-{day}" in html for day in ("02", "16"))


@pytest.mark.parametrize("query", ["?week=9999-12-31", "?week=2026-13-45", "?week=%00&show=<b>", "?week=0001-01-01"])
def test_odd_questions_are_answered(staff: Browser, client: Client, query: str) -> None:
    assert "mail-frame desktop" in page(staff, client, query)


def test_the_frame_runs_nothing_and_phones_are_narrow(staff: Browser, client: Client) -> None:
    html = page(staff, client, "?show=phone")
    assert '<iframe class="mail-frame phone" sandbox title=' in html


def test_others_find_no_such_client(staff: Browser, outsider: Organization, browser: Browser) -> None:
    with all_organizations():
        theirs = Client.objects.get(organization=outsider)
    missing = staff.get(f"/admin/accounts/client/{theirs.pk + 1000}/weekly-mail/")
    foreign = staff.get(address(theirs))
    assert (foreign.status_code, foreign["Location"]) == (missing.status_code, missing["Location"])
    browser.logout()
    assert browser.get(address(theirs)).status_code == 302


def test_operators_preview_anybodys(browser: Browser, client: Client) -> None:
    sign_in(browser, UserFactory.create(is_staff=True, is_superuser=True))
    assert "Your success score" in framed(page(browser, client))


def test_the_button_stands_on_the_clients_page(staff: Browser, client: Client) -> None:
    assert address(client) in staff.get(f"/admin/accounts/client/{client.pk}/change/").content.decode()


def test_a_look_in_a_transaction_leaves_it_usable(client: Client, organization: Organization) -> None:
    agree([client])
    with organization_scope(organization.pk):
        client = Client.objects.select_related("organization").get(pk=client.pk)
        assert preview_of(client, period_end=WEEK, as_of=MONDAY).reason is None
        assert not connection.needs_rollback
        client.name = "Grace"
        client.save()
    with all_organizations():
        assert Client.objects.get(pk=client.pk).name == "Grace"


def preview(tmp_path: Path, *arguments: str) -> str:
    output = StringIO()
    call_command("preview_mail", *arguments, "--output", str(tmp_path / "mails"), stdout=output)
    return output.getvalue()


def test_the_command_writes_files(tmp_path: Path, client: Client, settings: Settings) -> None:
    said = preview(tmp_path, "ada")
    name = f"weekly-mail-{client.pk}-2026-11-16"
    assert sorted(path.name for path in (tmp_path / "mails").iterdir()) == [f"{name}.html", f"{name}.txt"]
    text = (tmp_path / "mails" / f"{name}.txt").read_text()
    assert text.startswith("Your success score: 55\n\nHello Ada,\n")
    assert "It would not be sent now: No address." in said
    assert rows() == [0, 0, 0]


def test_the_command_takes_an_earlier_week(tmp_path: Path, client: Client) -> None:
    add_score(client, period_end=WEEK - timedelta(weeks=1), overall=31)
    preview(tmp_path, "ada", "--period-end", "2026-11-09", "--organization", "acme")
    assert "31 of 100" in (tmp_path / "mails" / f"weekly-mail-{client.pk}-2026-11-09.txt").read_text()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["bruno"], "There is no client bruno."),
        (["ada", "--organization", "outsider"], "There is no client ada in outsider."),
        (["user-1"], r"choose with --organization \(acme, outsider\)"),
        (["ada", "--period-end", "2026-11-17"], "lies between"),
        (["ada", "--period-end", "monday"], "is a date such as"),
    ],
)
def test_the_command_says_what_to_do(
    tmp_path: Path, client: Client, client_of_acme: Client, outsider: Organization, arguments: list[str], error: str
) -> None:
    with pytest.raises(CommandError, match=error):
        preview(tmp_path, *arguments)


def test_the_command_says_where_it_cannot_write(tmp_path: Path, client: Client) -> None:
    (tmp_path / "mails").write_text("a file")
    with pytest.raises(CommandError, match="cannot be written"):
        preview(tmp_path, "ada")
