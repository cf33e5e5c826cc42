"""Figures of mails by kind and week, held against counting them one by one."""

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.models import MailActivity, OutboxEmail
from emails.tracking.figures import Figures, figures_of

SINCE = datetime(2026, 10, 1, tzinfo=UTC)
UNTIL = datetime(2026, 11, 21, tzinfo=UTC)
# Sunday evening in UTC, Monday in Berlin: the clocks went back at 01:00 UTC that day.
SUNDAY_EVENING = datetime(2026, 10, 25, 23, 30, tzinfo=UTC)


def mail_of(organization: Organization, *, sent_at: datetime | None = SUNDAY_EVENING, **fields: Any) -> OutboxEmail:
    values = {
        "kind": "weekly-success", "key": str(uuid4()), "to_address": "ada@example.com", "links": ["https://a.example/"],
        "status": "sent" if sent_at else "pending", "queued_at": SINCE, "next_attempt_at": SINCE, "uid": uuid4(),
    }  # fmt: skip
    with all_organizations():
        return OutboxEmail.objects.create(organization=organization, sent_at=sent_at, **values | fields)


def tell(mail: OutboxEmail, *facts: tuple[str, str, bool]) -> None:
    assert mail.organization_id is not None
    with all_organizations():
        MailActivity.objects.bulk_create(
            MailActivity(
                organization_id=mail.organization_id, email=mail, kind=kind, source=source, is_automatic=automatic,
                at=UNTIL, event_key=uuid4().hex,
            )
            for kind, source, automatic in facts
        )  # fmt: skip


def of(organization: Organization, *, since: datetime = SINCE, until: datetime = UNTIL) -> list[Figures]:
    with organization_scope(organization.pk):
        return figures_of(organization.pk, since=since, until=until)


def test_what_is_told_of_one_mail_by_several_counts_once(organization: Organization, outsider: Organization) -> None:
    mail = mail_of(organization)
    tell(mail, ("delivered", "provider", False), ("opened", "own", True), ("opened", "own", False))
    tell(mail, ("opened", "provider", False), ("clicked", "own", True), ("clicked", "own", True))
    mail_of(organization, links=[])
    tell(mail_of(outsider), ("bounced", "provider", False))
    assert of(organization) == [
        Figures(
            kind="weekly-success", week=date(2026, 10, 26), sent=2, told_of=1, delivered=1, bounced=0, complained=0,
            unsubscribed=0, tracked=1, opened=1, opened_by_machines=0, clicked=0, clicked_by_machines=1,
        )
    ]  # fmt: skip


def test_weeks_begin_on_monday_where_the_organization_is(organization: Organization) -> None:
    mail_of(organization, sent_at=SUNDAY_EVENING - timedelta(hours=1))
    mail_of(organization, sent_at=SUNDAY_EVENING)
    assert [(figures.week, figures.sent) for figures in of(organization)] == [
        (date(2026, 10, 26), 1),
        (date(2026, 10, 19), 1),
    ]


def test_only_what_was_sent_in_the_time_counts(organization: Organization) -> None:
    for sent_at in (SINCE - timedelta(microseconds=1), SINCE, UNTIL - timedelta(microseconds=1), UNTIL, None):
        mail_of(organization, sent_at=sent_at)
    assert sum(figures.sent for figures in of(organization)) == 2


def test_nobody_sees_anothers_figures(organization: Organization, outsider: Organization) -> None:
    mail_of(outsider)
    with organization_scope(organization.pk):
        assert figures_of(outsider.pk, since=SINCE, until=UNTIL) == []


def test_rates_are_of_what_is_known_and_none_where_nothing_is() -> None:
    facts: dict[str, Any] = {"kind": "k", "week": date(2026, 10, 26), "sent": 9}
    facts |= {"bounced": 0, "complained": 0, "unsubscribed": 0}
    seen: dict[str, Any] = {"opened": 1, "opened_by_machines": 5, "clicked": 2, "clicked_by_machines": 0}
    known = Figures(**facts, **seen, told_of=4, delivered=3, tracked=8)
    assert (known.delivered_rate, known.opened_rate, known.clicked_rate) == (0.75, 0.125, 0.25)
    unseen: dict[str, Any] = dict.fromkeys(seen, 0)
    unknown = Figures(**facts, **unseen, told_of=0, delivered=0, tracked=0)
    assert (unknown.delivered_rate, unknown.opened_rate, unknown.clicked_rate) == (None, None, None)


@pytest.mark.parametrize("seed", range(3))
def test_figures_are_what_counting_by_hand_gives(organization: Organization, outsider: Organization, seed: int) -> None:
    dice = random.Random(seed)
    facts: dict[int, list[tuple[str, str, bool]]] = {}
    mails = []
    for number in range(60):
        mail = mail_of(
            (organization, outsider)[number % 5 == 0],
            kind=dice.choice(["weekly-success", "feedback-request"]),
            sent_at=dice.choice([None, SINCE + timedelta(hours=dice.randrange(50 * 24))]),
            links=dice.choice([[], ["https://a.example/"]]),
        )
        facts[mail.pk] = [
            (dice.choice(MailActivity.Kind.values), dice.choice(["own", "provider"]), dice.random() < 0.5)
            for _ in range(dice.randrange(6))
        ]
        tell(mail, *facts[mail.pk])
        mails.append(mail)
    ours = [mail for mail in mails if mail.organization_id == organization.pk and mail.sent_at]
    groups = {(week_of(mail), mail.kind) for mail in ours}
    expected = [
        counted(kind, week, [(mail, facts[mail.pk]) for mail in ours if (week_of(mail), mail.kind) == (week, kind)])
        for week, kind in sorted(groups, key=lambda group: (-group[0].toordinal(), group[1]))
    ]
    assert of(organization) == expected


def test_the_number_of_queries_is_one_whatever_was_sent(organization: Organization) -> None:
    counts = []
    for _ in range(2):
        tell(mail_of(organization), ("opened", "own", False))
        with (
            organization_scope(organization.pk),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            figures_of(organization.pk, since=SINCE, until=UNTIL)
        counts.append(len(queries))
    assert counts == [1, 1]


def week_of(mail: OutboxEmail) -> date:
    assert mail.sent_at is not None
    assert mail.organization is not None
    day = mail.sent_at.astimezone(mail.organization.timezone).date()
    return day - timedelta(days=day.weekday())


def counted(kind: str, week: date, mails: Iterable[tuple[OutboxEmail, list[tuple[str, str, bool]]]]) -> Figures:
    counts = dict.fromkeys(Figures.__dataclass_fields__, 0)
    for mail, facts in mails:
        kinds = {kind for kind, _, _ in facts}
        by_people = {kind for kind, _, automatic in facts if not automatic}
        is_told_of = bool(
            {kind for kind, source, _ in facts if source == "provider"} & {"delivered", "bounced", "rejected"}
        )
        counts["sent"] += 1
        counts["told_of"] += is_told_of
        counts["delivered"] += is_told_of and "delivered" in kinds
        counts["tracked"] += bool(mail.links) or bool(kinds & {"opened", "clicked"})
        for name in ("bounced", "complained", "unsubscribed"):
            counts[name] += name in kinds
        for name in ("opened", "clicked"):
            counts[name] += name in by_people
            counts[f"{name}_by_machines"] += name in kinds - by_people
    return Figures(**{**counts, "kind": kind, "week": week})  # type: ignore[arg-type]
