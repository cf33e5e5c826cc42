"""Links and pictures of mails, asked for over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client as Browser

from accounts.models import Organization
from accounts.tenancy import all_organizations
from emails.models import MailActivity, OutboxEmail
from emails.tracking.recording import MOST_ROWS

SENT = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
LATER = SENT + timedelta(minutes=20, seconds=30)
LINKS = ["https://success.example/client/dashboard/success?a=1&b=ü", "https://elsewhere.example/x"]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
BARRACUDA = "Barracuda Sentinel (EE)"
PICTURE = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")


def mail_of(organization: Organization | None, **fields: Any) -> OutboxEmail:
    values: dict[str, Any] = {
        "kind": "weekly-success", "key": "2026-11-16", "to_address": "ada@example.com", "subject": "Your week",
        "text": "", "uid": uuid4(), "links": LINKS, "status": "sent", "sent_at": SENT, "queued_at": SENT,
        "next_attempt_at": SENT,
    }  # fmt: skip
    with all_organizations():
        return OutboxEmail.objects.create(organization=organization, **values | fields)


@pytest.fixture
def mail(organization: Organization, outsider: Organization) -> OutboxEmail:
    mail_of(outsider, links=["https://theirs.example/"])
    return mail_of(organization)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(LATER, tick=False) as traveller:
        yield traveller


def name_of(mail: OutboxEmail) -> str:
    return f"{mail.organization_id}.{mail.uid.hex}"


def click(mail: OutboxEmail, number: int = 0, *, agent: str = FIREFOX, method: str = "GET") -> Any:
    return Browser().generic(method, f"/mail/c/{name_of(mail)}/{number}", headers={"User-Agent": agent})


def show(mail: OutboxEmail, *, agent: str = FIREFOX, **headers: str) -> Any:
    return Browser().get(f"/mail/o/{name_of(mail)}.gif", headers={"User-Agent": agent, **headers})


def kept() -> list[tuple[Any, ...]]:
    with all_organizations():
        columns = ("email_id", "kind", "source", "at", "is_automatic", "link", "detail")
        return list(MailActivity.objects.order_by("id").values_list(*columns))


def test_a_click_leads_where_the_link_led_and_is_kept_once_a_minute(mail: OutboxEmail) -> None:
    answers = [click(mail), click(mail)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, "https://success.example/client/dashboard/success?a=1&b=%C3%BC")
    ] * 2
    assert kept() == [(mail.pk, "clicked", "own", LATER, False, "https://success.example/client/dashboard/success", "")]


def test_a_click_of_another_minute_is_another(mail: OutboxEmail, clock: time_machine.Traveller) -> None:
    click(mail)
    clock.shift(60)
    click(mail)
    assert [at for _, _, _, at, *_ in kept()] == [LATER, LATER + timedelta(minutes=1)]


@pytest.mark.parametrize(
    "path",
    [
        "{name}/2",
        "{name}/99999999999999999999",
        "{name}/-1",
        "{name}/x",
        "{name}/%D9%A1",
        "{name}/0/",
        "{name}/https://evil.example/",
        "{name}",
        "{other}.{uid}/0",
        "999999999999999999.{uid}/0",
        "9999999999999999999999.{uid}/0",
        "0{name}/0",
        "{organization}.{unknown}/0",
        "{organization}.{short}/0",
        "%00/0",
        "%F0%9F%98%80.{uid}/0",
        "-1.{uid}/0",
    ],
)
def test_no_other_address_leads_anywhere(mail: OutboxEmail, outsider: Organization, path: str) -> None:
    filled = path.format(
        name=name_of(mail), other=outsider.pk, organization=mail.organization_id, uid=mail.uid.hex,
        unknown=UUID(int=0).hex, short=mail.uid.hex[:-1],
    )  # fmt: skip
    answer = Browser().get(f"/mail/c/{filled}")
    missing = Browser().get("/there/is/no/such/page")
    assert (answer.status_code, answer.content) == (404, missing.content)
    assert kept() == []


def test_nothing_of_the_request_says_where_a_link_leads(mail: OutboxEmail) -> None:
    answer = Browser().get(
        f"/mail/c/{name_of(mail)}/1?next=https://evil.example/&url=//evil.example",
        headers={"User-Agent": FIREFOX, "X-Forwarded-Host": "evil.example", "Referer": "https://evil.example/"},
    )
    assert (answer.status_code, answer["Location"]) == (302, LINKS[1])


def test_a_link_is_followed_by_reading_only(mail: OutboxEmail) -> None:
    assert [click(mail, method=method).status_code for method in ("POST", "PUT", "DELETE", "OPTIONS")] == [405] * 4
    assert kept() == []


def test_a_mail_without_an_organization_has_no_tracked_links(db: None) -> None:
    mail = mail_of(None)
    assert Browser().get(f"/mail/c/0.{mail.uid.hex}/0").status_code == 404


def test_who_only_asks_for_the_head_is_led_on_and_taken_for_a_machine(mail: OutboxEmail) -> None:
    answer = click(mail, 1, method="HEAD")
    assert (answer.status_code, answer["Location"], answer.content) == (302, LINKS[1], b"")
    assert kept() == [(mail.pk, "clicked", "own", LATER, True, LINKS[1], "Only asked whether it is there")]


def test_a_persons_click_counts_although_a_scanner_came_in_the_same_minute(mail: OutboxEmail) -> None:
    click(mail, agent=BARRACUDA)
    click(mail)
    assert [(automatic, detail) for *_, automatic, _link, detail in kept()] == [(True, "Security scanner"), (False, "")]


def test_a_click_within_seconds_of_sending_is_a_machines(mail: OutboxEmail, clock: time_machine.Traveller) -> None:
    clock.move_to(SENT + timedelta(seconds=8, milliseconds=999))
    click(mail, 0)
    clock.move_to(SENT + timedelta(seconds=10))
    click(mail, 1)
    assert [automatic for *_, automatic, _link, _detail in kept()] == [True, False]


@pytest.mark.parametrize(
    ("status", "is_automatic"),
    [("calling", True), ("retry", True), ("pending", True), ("uncertain", False), ("failed", False)],
)
def test_who_knows_a_mail_before_it_was_sent_is_no_person(
    organization: Organization, status: str, *, is_automatic: bool
) -> None:
    click(mail_of(organization, status=status, sent_at=None))
    assert [automatic for *_, automatic, _link, _detail in kept()] == [is_automatic]


def test_several_links_within_a_second_were_followed_by_a_machine(
    mail: OutboxEmail, clock: time_machine.Traveller
) -> None:
    click(mail, 0)
    clock.shift(0.9)
    click(mail, 1)
    assert [automatic for *_, automatic, _link, _detail in kept()] == [True, True]
    clock.shift(5)
    click(mail, 0)
    assert [automatic for *_, automatic, _link, _detail in kept()] == [True, True, False]


def test_links_followed_one_after_the_other_were_followed_by_a_person(
    mail: OutboxEmail, clock: time_machine.Traveller
) -> None:
    click(mail, 0)
    clock.shift(2)
    click(mail, 1)
    assert [automatic for *_, automatic, _link, _detail in kept()] == [False, False]


def test_the_picture_tells_of_an_opening_once_an_hour(mail: OutboxEmail, clock: time_machine.Traveller) -> None:
    show(mail), show(mail)
    clock.shift(3600)
    answer = show(mail)
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "image/gif", PICTURE)
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    assert kept() == [
        (mail.pk, "opened", "own", LATER, False, "", ""),
        (mail.pk, "opened", "own", LATER + timedelta(hours=1), False, "", ""),
    ]


@pytest.mark.parametrize(
    ("agent", "is_automatic", "detail"),
    [
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", False, "Gmail"),
        ("Mozilla/5.0", True, "Apple Mail Privacy Protection"),
    ],
)
def test_of_the_program_only_its_sort_is_kept(
    mail: OutboxEmail, agent: str, detail: str, *, is_automatic: bool
) -> None:
    show(mail, agent=agent)
    assert kept() == [(mail.pk, "opened", "own", LATER, is_automatic, "", detail)]


@pytest.mark.parametrize(
    "name", ["x", "1.0", "{organization}.00000000000000000000000000000000", "{other}.{uid}", "%00", "9" * 30 + ".{uid}"]
)
def test_the_picture_is_the_same_for_names_of_no_mail(mail: OutboxEmail, outsider: Organization, name: str) -> None:
    known, filled = show(mail), name.format(organization=mail.organization_id, other=outsider.pk, uid=mail.uid.hex)
    with all_organizations():
        MailActivity.objects.all().delete()
    answer = Browser().get(f"/mail/o/{filled}.gif", headers={"User-Agent": FIREFOX})
    assert (answer.status_code, answer.content, dict(answer.headers)) == (200, known.content, dict(known.headers))
    assert kept() == []


def test_a_mail_shown_on_our_own_pages_was_not_opened(mail: OutboxEmail) -> None:
    assert show(mail, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert kept() == []


def test_a_mail_has_so_many_rows_and_no_more(mail: OutboxEmail, clock: time_machine.Traveller) -> None:
    for _ in range(MOST_ROWS + 5):
        show(mail)
        clock.shift(3600)
    assert len(kept()) == MOST_ROWS
    assert click(mail).status_code == 302
    assert len(kept()) == MOST_ROWS + 1


def test_without_the_database_a_link_asks_to_come_again(mail: OutboxEmail) -> None:
    with connection.execute_wrapper(unreachable):
        answer = click(mail)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_without_the_database_the_picture_is_still_shown(mail: OutboxEmail) -> None:
    with connection.execute_wrapper(unreachable):
        assert show(mail).content == PICTURE


def test_whoever_clicks_gets_there_though_it_cannot_be_kept(mail: OutboxEmail) -> None:
    with connection.execute_wrapper(read_only):
        assert click(mail)["Location"].startswith("https://success.example/")
    assert kept() == []


def unreachable(execute: Any, sql: str, *arguments: Any) -> Any:
    # The end of a savepoint is the test's own.
    if "SAVEPOINT" in sql:
        return execute(sql, *arguments)
    raise OperationalError


def read_only(execute: Any, sql: str, *arguments: Any) -> Any:
    if "INSERT" in sql:
        raise OperationalError
    return execute(sql, *arguments)
