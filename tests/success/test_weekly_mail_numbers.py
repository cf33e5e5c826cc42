"""The mail's numbers are those of the page, and those that anybody counts from the events."""

import random
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import time_machine
from django.test import Client as Browser

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.form_letters import fill
from emails.models import OutboxEmail
from emails.rendering import render
from success.insights.writing import write_insights
from success.models import Feedback
from success.scoring import score_clients
from success.weekly_mail.gathering import gather
from success.weekly_mail.writing import Links, Reader, write
from tests.factories import OrganizationFactory, UserFactory
from tests.sessions import sign_in
from tests.success.histories import random_history, store
from tests.success.insight_oracle import expected_insights
from tests.success.oracle import History, expected_score
from tests.success.weekly_mails import MONDAY, WEEK, agree, queue, weeks_before, words

ZONE = "America/St_Johns"
CLIENTS = 60
ON_THE_PAGE = 6
COUNTS = {
    "activeDays": "Active days",
    "tasksCompleted": "Tasks completed",
    "contentGenerated": "Contents generated",
    "visualsCreated": "Visuals created",
}


def write_chain(organization: Organization, ids: list[int]) -> None:
    """Two weeks of scores and insights, of clients that agreed to the mail."""
    with organization_scope(organization.pk):
        agree(list(Client.objects.filter(pk__in=ids)))
        for week in weeks_before(WEEK, 2):
            at = datetime.combine(week, datetime.min.time(), UTC) + timedelta(hours=7)
            score_clients(organization.pk, period_end=week, computed_at=at)
            write_insights(organization.pk, period_end=week, created_at=at)


def chain(histories: list[History]) -> dict[int, tuple[History, OutboxEmail]]:
    """Each client's history, and the mail that it was sent."""
    organization = OrganizationFactory.create(timezone=ZONE)
    ids = store(organization, histories)
    write_chain(organization, ids)
    queue(organization)
    with all_organizations():
        found = {mail.client_id: mail for mail in OutboxEmail.objects.all()}
    return {pk: (history, found[pk]) for pk, history in zip(ids, histories, strict=True) if pk in found}


def counted(history: History) -> dict[str, object]:
    """From the raw events; what the week's summary rests on, and where the score went."""
    earlier_week = WEEK - timedelta(weeks=1)
    before = expected_score(history, period_end=earlier_week, timezone=ZONE)
    earlier = {earlier_week: before["overall"]} if before else {}
    found = expected_insights(history, period_end=WEEK, timezone=ZONE, earlier=earlier)  # type: ignore[arg-type]
    return found["weekly_summary"][1] if found else {}


def said(text: str) -> dict[str, object]:
    """What a mail says, of the HTML or of the text."""
    line = " ".join(text.replace("\u00a0", " ").split())
    numbers: dict[str, object] = {
        name: int(re.findall(rf"{label}:? ([\d,]+)", line)[0].replace(",", "")) for name, label in COUNTS.items()
    }
    overall = re.search(r"Your success score:? (\d+)", line)
    trend = re.search(r"(rising|declining|stable): (unchanged|[+−]\d+)", line, re.IGNORECASE)
    change = trend and (0 if trend[2] == "unchanged" else int(trend[2].replace("−", "-")))
    return numbers | {
        "overall": int(overall[1]) if overall else None,
        "trend": trend[1].lower() if trend else None,
        "change": change if trend else None,
    }


def test_numbers_equal_those_counted_from_events_and_those_of_the_page(db: None) -> None:
    dice = random.Random(5)
    found = chain([random_history(dice, around=weeks_before(WEEK, 2)) for _ in range(CLIENTS)])
    assert len(found) > CLIENTS // 2
    for history, mail in found.values():
        expected = {name: counted(history).get(name) for name in [*COUNTS, "overall", "trend", "change"]}
        if expected["activeDays"] is not None:
            assert (said(words(mail.html)), said(mail.text)) == (expected, expected)
    shown = [pk for pk, (history, _mail) in found.items() if counted(history).get("overall")][:ON_THE_PAGE]
    for pk in shown:
        assert said(words(found[pk][1].html)) == on_the_page(pk)


def on_the_page(client_id: int) -> dict[str, object]:
    """What the newest week's summary and the card show to the client."""
    with all_organizations():
        client = Client.objects.get(pk=client_id)
        client.user = UserFactory.create()
        client.save()
    browser = sign_in(Browser(), client.user)
    with time_machine.travel(MONDAY, tick=False):
        page = browser.get("/client/dashboard/success").content.decode()
    summary = next(part for part in page.split("<li ") if part.startswith('class="insight weekly_summary'))
    evidence = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", summary))
    [overall] = re.findall(r'id="overall">(\d+)', page)
    line = words(" ".join(re.findall(r'id="trend">.*?</p>', page)))
    counts = " ".join(f"{label} {evidence[label]}" for label in COUNTS.values())
    return said(f"{counts} Your success score {overall} {line}")


def test_filled_forms_say_what_rendering_says(db: None, outsider: Organization) -> None:
    """Names are markup, so that what is escaped in one way only would show."""
    dice = random.Random(7)
    organization = OrganizationFactory.create(timezone=ZONE, name="Finch & <b>'Co\"</b>")
    ids = store(organization, [random_history(dice, around=weeks_before(WEEK, 2)) for _ in range(CLIENTS)])
    write_chain(organization, ids)
    reader = Reader("Ada <Lovelace>", "de", ZoneInfo("Europe/Berlin"))
    links = Links(
        "https://mainstay.example/p?a=1&b=2", "https://mainstay.example/u", answer="https://x.example/{}".format
    )
    with organization_scope(organization.pk):
        told = gather(organization, ids, period_end=WEEK, as_of=MONDAY)
        for number, each in enumerate(told.values()):
            asked = replace(each, asks_for=Feedback.Kind.NPS, has_login=True) if number % 2 else each
            rendered, filled = (
                write(organization, asked, reader=reader, links=links, rendering=way) for way in (render, fill)
            )
            assert (filled.subject, filled.text, unescape(filled.html)) == (
                rendered.subject,
                rendered.text,
                unescape(rendered.html),
            )
