"""Staff are told exactly once of what a check raises, whatever happens in between."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client as Browser

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.models import OutboxEmail
from health.jobs import health_check
from health.models import Alert
from health.notices import critical, mail
from health.notices.digest import SETTLES_IN, Digests, queue_digests
from jobs.models import JobUnit
from jobs.units import claim_unit, finish_unit
from success.models import Score
from tests.factories import MembershipFactory, OrganizationFactory
from tests.health.test_jobs import MONDAY_MORNING, post
from tests.health.watched_clients import DAY, HOUR, NOW, add_client, add_scores, alerts, check, set_last_activity
from tests.jobs.ledgers import begin
from tests.jobs.test_races import at_once


@pytest.fixture(autouse=True)
def _ada(request: pytest.FixtureRequest) -> None:
    if "organization" in request.fixturenames:
        add_readers(request.getfixturevalue("organization"))
        add_readers(request.getfixturevalue("outsider"), "stranger@example.com")


def add_readers(organization: Organization, *addresses: str) -> None:
    for address in addresses or ("ada@example.com",):
        MembershipFactory.create(organization=organization, user__email=address)


def told() -> list[tuple[str, str]]:
    """Kind and address of each mail that is queued."""
    with all_organizations():
        return list(OutboxEmail.objects.order_by("id").values_list("kind", "to_address"))


CRITICAL = ("critical_alerts", "ada@example.com")


def test_an_opened_critical_alert_is_told_once(organization: Organization) -> None:
    add_client(organization, silent=80 * HOUR)
    check(organization)
    check(organization)
    check(organization, NOW + HOUR)
    assert told() == [CRITICAL]


def test_a_warning_waits_for_the_digest_until_it_escalates(organization: Organization) -> None:
    add_client(organization, silent=50 * HOUR)
    check(organization)
    assert told() == []
    assert check(organization, NOW + DAY).escalated == 1
    assert told() == [CRITICAL]


def test_a_reopened_critical_alert_is_told_again(organization: Organization) -> None:
    client = add_client(organization)
    add_scores(client, {"2026-11-09": 90, "2026-11-16": 30})
    assert check(organization).opened == 1
    set_score(client, 90)
    assert [check(organization, NOW + hours * HOUR).resolved for hours in (1, 2, 3)] == [0, 0, 1]
    set_score(client, 30)
    assert check(organization, NOW + 4 * HOUR).reopened == 1
    assert told() == [CRITICAL, CRITICAL]


def set_score(client: Client, overall: int) -> None:
    with all_organizations():
        Score.objects.filter(client=client, period_end="2026-11-16").update(overall=overall)


def test_the_hourly_job_tells(browser: Browser, organization: Organization) -> None:
    add_client(organization, silent=80 * HOUR)
    with time_machine.travel(NOW, tick=False):
        post(browser, "health-check")
        post(browser, "health-check", organization=organization.slug)
    assert told() == [CRITICAL]


def test_the_check_after_the_scores_tells(browser: Browser, organization: Organization) -> None:
    client = add_client(organization)
    set_last_activity(client, MONDAY_MORNING)
    add_scores(client, {"2026-11-16": 95})
    with time_machine.travel(MONDAY_MORNING, tick=False):
        post(browser, "success-score", organization=organization.slug)
    assert (alerts(client), told()) == ([("score_drop", 3, "")], [CRITICAL])


def test_a_check_by_hand_tells(organization: Organization, capsys: pytest.CaptureFixture[str]) -> None:
    add_client(organization, silent=5 * DAY, external_id="ada")
    with time_machine.travel(NOW, tick=False):
        call_command("check_health", "--organization", "acme", "--client", "ada")
    assert told() == [CRITICAL]


class Killed(BaseException):
    """The process ends here."""


def dies(*args: object, **kwargs: object) -> None:
    raise Killed


@pytest.mark.parametrize("moment", ["health.checking.queue_critical_notices", "health.notices.critical.queue_notice"])
def test_killed_between_raising_and_telling_neither_has_happened(
    committed_db: None, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    organization, client = silent_client()
    with monkeypatch.context() as killing:
        killing.setattr(moment, dies)
        with pytest.raises(Killed):
            check(organization)
    assert (alerts(client), told()) == ([], [])
    check(organization)
    assert (alerts(client), told()) == ([("zero_activity", 3, "")], [CRITICAL])


def test_killed_after_the_first_of_two_readers_both_are_told_once(
    committed_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization, client = silent_client()
    add_readers(organization, "bob@example.com")
    queue, calls = mail.queue_notice, iter([True, False])

    def queue_once(*args: object, **kwargs: object) -> bool:
        return bool(queue(*args, **kwargs)) if next(calls) else bool(dies())  # type: ignore[arg-type,func-returns-value]

    with monkeypatch.context() as killing:
        killing.setattr(critical, "queue_notice", queue_once)
        with pytest.raises(Killed):
            check(organization)
    assert (alerts(client), told()) == ([], [])
    check(organization)
    check(organization)
    assert told() == [CRITICAL, ("critical_alerts", "bob@example.com")]


def silent_client() -> tuple[Organization, Client]:
    organization = OrganizationFactory.create()
    add_readers(organization)
    return organization, add_client(organization, silent=80 * HOUR)


@pytest.mark.parametrize("apart", [timedelta(0), timedelta(microseconds=1)], ids=["same moment", "other moments"])
def test_eight_checks_at_once_tell_once(committed_db: None, apart: timedelta) -> None:
    organization, client = silent_client()
    checks: list[Callable[[], object]] = [partial(check, organization, NOW + number * apart) for number in range(8)]
    at_once(*checks)
    assert (alerts(client), told()) == ([("zero_activity", 3, "")], [CRITICAL])


# Half past eight in Berlin, in winter.
MORNING = datetime.fromisoformat("2026-11-18T07:30:00+00:00")


def test_the_digest_is_an_hourly_job_that_sends_once_a_day(browser: Browser, organization: Organization) -> None:
    add_client(organization, silent=56 * HOUR)
    check(organization, MORNING - SETTLES_IN)
    reports = []
    for hours in (0, 0, 1, 24):
        with time_machine.travel(MORNING + hours * HOUR, tick=False):
            report = post(browser, "alert-digest", organization=organization.slug)
        reports.append((report["sent"], report["skipped"], report["failed"]))
    assert reports == [(1, 0, 0), (0, 0, 0), (0, 0, 0), (0, 1, 0)]
    assert told() == [("alert_digest", "ada@example.com")]


def test_a_digest_waits_an_hour_for_a_check_in_hand(browser: Browser, organization: Organization) -> None:
    """What the check has stamped is committed later, so the digest would pass it over for ever."""
    add_client(organization, silent=56 * HOUR)
    run = begin(health_check, at=MORNING, organization=organization).run
    with all_organizations():
        claimed = claim_unit(run, health_check, now=MORNING)
        assert claimed
        reports = []
        for minutes in (0, 60, 120):
            JobUnit.objects.filter(pk=claimed.unit_id).update(claimed_at=MORNING + timedelta(minutes=minutes))
            now = MORNING + timedelta(minutes=minutes + 3)
            if minutes == 120:
                check(organization, now - 2 * SETTLES_IN)
                finish_unit(claimed, counts="{}", now=now)
            with time_machine.travel(now, tick=False):
                report = post(browser, "alert-digest", organization=organization.slug)
            reports.append((report["sent"], report["skipped"]))
    assert reports == [(0, 0), (0, 0), (1, 0)]


def test_a_digest_that_was_killed_comes_whole(committed_db: None) -> None:
    organization = OrganizationFactory.create()
    add_readers(organization, "ada@example.com", "bob@example.com")
    client = add_client(organization, silent=56 * HOUR)
    check(organization, NOW - SETTLES_IN)

    def digest(*, killed: bool = False) -> None:
        with organization_scope(organization.pk):
            queued = queue_digests(organization.pk, as_of=NOW)
            if killed:
                raise Killed(queued)

    with pytest.raises(Killed) as told_both:
        digest(killed=True)
    assert (told_both.value.args, told()) == ((Digests(2, 0),), [])

    at_once(*[digest] * 6)
    assert sorted(told()) == [("alert_digest", "ada@example.com"), ("alert_digest", "bob@example.com")]
    with all_organizations():
        assert Alert.objects.get(client=client).severity == Alert.Severity.WARNING
