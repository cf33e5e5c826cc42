import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.identity import uid_of
from emails.models import Contact
from success.models import FeedbackRequest
from success.weekly_mail.queueing import WeeklyQueued
from tests.factories import ClientFactory, OrganizationFactory
from tests.success.scored_clients import add_activity, add_score, client_with_login
from tests.success.told_clients import add_insights
from tests.success.weekly_mails import MONDAY, WEEK, agree, links, mails, queue, the_mail

NOTHING = WeeklyQueued(0, 0, {})


def told_client(organization: Organization, *categories: str, **fields: object) -> Client:
    """With a score, activity and insights of the week."""
    client: Client = ClientFactory.create(organization=organization, **fields)
    add_score(client, period_end=WEEK - timedelta(weeks=1), overall=50)
    add_score(client, period_end=WEEK)
    add_activity(client, {WEEK - timedelta(days=2): 5})
    add_insights(client, 3, newest=WEEK)
    agree([client], *categories)
    return client


def contacts() -> list[tuple[int, str, str]]:
    with all_organizations():
        return list(Contact.objects.order_by("client_id").values_list("client_id", "status", "reason"))


def test_a_mail_is_queued_once(organization: Organization, outsider: Organization) -> None:
    client = told_client(organization, name="Ada")
    assert queue(organization) == WeeklyQueued(1, 1, {})
    assert [queue(organization), queue(outsider).queued, len(mails())] == [NOTHING, 0, 1]
    mail = the_mail()
    [(client_id, status, _reason)] = [row for row in contacts() if row[0] == client.pk]
    assert (client_id, status) == (client.pk, "planned")
    assert (mail.client_id, mail.kind, mail.category, mail.to_name, mail.from_name) == (
        client.pk, "weekly-success", "weekly", "Ada", organization.name,
    )  # fmt: skip
    with all_organizations():
        contact = Contact.objects.get(client=client)
    assert (mail.contact_id, contact.kind, contact.key) == (contact.pk, "weekly-success", "2026-11-16")
    assert mail.uid == uid_of(organization.pk, kind=mail.kind, key=mail.key, to_address=mail.to_address)


def test_it_waits_for_its_hour_and_its_day_of_no_use(organization: Organization) -> None:
    """Before seven in Berlin."""
    told_client(organization)
    as_of = MONDAY - timedelta(hours=4)
    queue(organization, as_of=as_of, valid_until=MONDAY + timedelta(hours=48))
    mail = the_mail()
    assert (mail.next_attempt_at, mail.valid_until, mail.queued_at) == (
        MONDAY - timedelta(hours=2),
        MONDAY + timedelta(hours=48),
        as_of,
    )


def test_every_week_has_its_own(organization: Organization) -> None:
    client = told_client(organization)
    add_score(client, period_end=WEEK + timedelta(weeks=1))
    later = MONDAY + timedelta(weeks=1)
    assert [queue(organization).queued, queue(organization, week=later.date(), as_of=later).queued] == [1, 1]


def test_who_gets_none_is_counted_by_reason(organization: Organization) -> None:
    told_client(organization)
    agree([ClientFactory.create(organization=organization)])
    agree([ClientFactory.create(organization=organization)], is_agreed=False)
    ClientFactory.create(organization=organization)
    assert queue(organization) == WeeklyQueued(4, 1, {"no_address": 1, "unsubscribed": 1, "nothing_to_tell": 1})
    assert [reason for _client, _status, reason in contacts()] == ["", "nothing_to_tell", "unsubscribed", "no_address"]


def test_a_score_without_a_number_and_silence_are_nothing_to_tell(organization: Organization) -> None:
    silent, active = ClientFactory.create_batch(2, organization=organization)
    for client in (silent, active):
        add_score(client, period_end=WEEK, overall=None, band="", coverage=0)
    with organization_scope(organization.pk), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO telemetry_clientactivity (organization_id, client_id, first_at, last_at)"
            " VALUES (%s, %s, %s, %s)",
            [organization.pk, active.pk, MONDAY - timedelta(days=300), MONDAY - timedelta(days=200)],
        )
    agree([silent, active])
    assert queue(organization) == WeeklyQueued(2, 1, {"nothing_to_tell": 1})
    assert the_mail().client_id == active.pk


def test_only_the_range_is_looked_at(organization: Organization) -> None:
    clients = [told_client(organization) for _ in range(4)]
    assert queue(organization, first_client=clients[1].pk, last_client=clients[2].pk).processed == 2
    assert [mail.client_id for mail in mails()] == [clients[1].pk, clients[2].pk]
    assert queue(organization).queued == 2


def test_two_clients_of_one_address_get_a_mail_each(organization: Organization) -> None:
    for _ in range(2):
        told_client(organization, email="family@example.org")
    assert queue(organization).queued == 2
    assert len({mail.uid for mail in mails()}) == 2


@pytest.mark.parametrize("piece", [1, 2])
def test_pieces_make_no_difference(organization: Organization, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr("success.weekly_mail.queueing.PIECE", piece)
    clients = [told_client(organization) for _ in range(3)]
    agree([ClientFactory.create(organization=organization)])
    assert queue(organization) == WeeklyQueued(4, 3, {"nothing_to_tell": 1})
    assert [mail.client_id for mail in mails()] == [client.pk for client in clients]


def test_queries_do_not_grow_with_the_clients(db: None) -> None:
    counts = []
    for clients in (1, 30):
        organization = OrganizationFactory.create()
        for _ in range(clients):
            told_client(organization, "weekly", "feedback", signed_up_at=MONDAY - timedelta(days=200))
        with CaptureQueriesContext(connection) as queries:
            assert queue(organization).queued == clients
        counts.append(len(queries))
    assert counts[0] == counts[1] < 30


def test_who_agreed_to_questions_is_asked_when_it_is_due(organization: Organization) -> None:
    signed_up_at = MONDAY - timedelta(days=200)
    asked = told_client(organization, "weekly", "feedback", signed_up_at=signed_up_at)
    told_client(organization, "weekly", signed_up_at=signed_up_at)
    told_client(organization, "weekly", "feedback", signed_up_at=MONDAY - timedelta(days=20))
    queue(organization)
    with all_organizations():
        [request] = FeedbackRequest.objects.all()
    assert (request.client_id, request.kind, request.channel, request.asked_at) == (asked.pk, "nps", "link", MONDAY)
    ways = [[link for link in links(mail.html) if "/feedback/" in link] for mail in mails()]
    assert [len(each) for each in ways] == [11, 0, 0]


def test_an_answer_is_one_click_away(browser: Browser, organization: Organization) -> None:
    told_client(organization, "weekly", "feedback", signed_up_at=MONDAY - timedelta(days=200))
    queue(organization)
    nine = [link for link in links(the_mail().html) if "/feedback/" in link][9]
    with time_machine.travel(MONDAY + timedelta(days=2), tick=False):
        page = browser.get(nine.removeprefix("http://localhost:8000")).content.decode()
    assert re.findall(r'value="(\d+)"[^>]* checked', page) == ["9"]


def test_the_mail_carries_its_ways_out(organization: Organization) -> None:
    told_client(organization)
    queue(organization)
    mail = the_mail()
    out = [link for link in links(mail.html) if "/mail/" in link and "/mail/c/" not in link]
    assert [link.split("/mail/")[1].split("/")[0] for link in out] == ["preferences", "unsubscribe"]
    assert all(link in mail.text for link in out)
    assert mail.headers == {"List-Unsubscribe": f"<{out[1]}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def test_the_way_to_the_page_is_tracked_and_only_for_who_can_sign_in(db: None) -> None:
    client = client_with_login()
    told_client(client.organization)
    add_score(client, period_end=WEEK)
    agree([client])
    queue(client.organization)
    with_login, without = mails()
    assert with_login.links == ["http://localhost:8000/client/dashboard/success"]
    assert "http://localhost:8000/client/dashboard/success\n" in with_login.text
    assert (without.links, "/client/" in without.html + without.text) == ([], False)
    assert "ask the team of Acme for an invitation" in " ".join(without.text.split())
