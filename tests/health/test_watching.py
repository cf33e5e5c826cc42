from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from emails.models import OutboxEmail
from health.models import OperatorAlert
from health.watching import watch_installation
from jobs.models import JobRun, Watermark
from jobs.reconciling import reconcile
from jobs.schedule_sync import sync_schedules
from tests.factories import MembershipFactory, OrganizationFactory, UserFactory
from tests.jobs.sample_jobs import names
from tests.sessions import sign_in

MONDAY = datetime(2026, 9, 7, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _one_job(settings: Settings, client_of_acme: Client, outsider: Organization) -> None:
    settings.JOBS = {"names": {"crontab": "0 7 * * 1", "handler": "tests.jobs.sample_jobs.names"}}
    sync_schedules()
    Watermark.objects.update(handled_until=MONDAY - MINUTE)
    UserFactory.create(is_superuser=True, username="operator", email="operator@example.com")
    UserFactory.create(is_superuser=True, username="without-address")
    UserFactory.create(is_superuser=True, username="gone", email="gone@example.com", is_active=False)
    UserFactory.create(is_staff=True, username="staff", email="staff@example.com")


def open_alerts() -> list[tuple[str, str, dict[str, Any]]]:
    return list(OperatorAlert.objects.filter(resolved_at=None).values_list("kind", "matter", "evidence"))


def mails() -> list[tuple[str, str]]:
    with all_organizations():
        return list(OutboxEmail.objects.order_by("id").values_list("to_address", "subject"))


def test_a_job_within_its_grace_is_not_late() -> None:
    watch_installation(as_of=MONDAY + 14 * MINUTE)
    assert open_alerts() == []


def test_a_late_job_opens_one_alert_and_tells_the_operators_once() -> None:
    for minutes in (15, 20, 25):
        watch_installation(as_of=MONDAY + minutes * MINUTE)
    evidence = {"period": "2026-09-07", "dueAt": "2026-09-07T07:00:00+00:00", "run": None}
    assert open_alerts() == [("job_late", "names", evidence)]
    assert mails() == [("operator@example.com", "Names: late")]
    assert OperatorAlert.objects.get().last_seen_at == MONDAY + 25 * MINUTE


def test_the_alert_resolves_itself_and_a_new_matter_is_told_anew() -> None:
    watch_installation(as_of=MONDAY + 20 * MINUTE)
    reconcile(names, now=MONDAY + 21 * MINUTE)
    watch_installation(as_of=MONDAY + 25 * MINUTE)
    assert open_alerts() == []
    with all_organizations():
        OutboxEmail.objects.update(status="sent")
    watch_installation(as_of=MONDAY + timedelta(days=7, minutes=15))
    assert [kind for kind, _, _ in open_alerts()] == ["job_late"]
    assert len(mails()) == 2


def test_what_was_run_by_hand_is_not_late() -> None:
    with all_organizations():
        JobRun.objects.create(
            job="names", period="2026-09-07", trigger="command", due_at=MONDAY, started_at=MONDAY, status="succeeded"
        )
    watch_installation(as_of=MONDAY + 20 * MINUTE)
    assert open_alerts() == []


def test_a_run_that_stands_still_is_late() -> None:
    [run] = reconcile(names, now=MONDAY)
    watch_installation(as_of=MONDAY + 59 * MINUTE)
    assert open_alerts() == []
    watch_installation(as_of=MONDAY + 61 * MINUTE)
    assert [evidence["run"] for _, _, evidence in open_alerts()] == [run.pk]


def test_switched_off_nothing_is_late(settings: Settings) -> None:
    settings.ENABLE_SUCCESS_CRONS = False
    watch_installation(as_of=MONDAY + 20 * MINUTE)
    assert open_alerts() == []


def ran(at: datetime, **facts: Any) -> JobRun:
    """A run of all organizations that ended at once."""
    return JobRun.objects.create(job="names", trigger="clock", due_at=at, started_at=at, ended_at=at, **facts)


@pytest.mark.parametrize(
    ("outcomes", "alerts"),
    [
        (["failed"], []),
        (["failed", "failed"], ["job_failing"]),
        (["failed", "fruitless"], ["job_failing"]),
        (["failed", "partial"], []),
        (["failed", "succeeded", "failed"], []),
        (["succeeded", "failed", "skipped_late", "failed"], ["job_failing"]),
        (["failed", "failed", "succeeded"], []),
    ],
)
def test_a_job_whose_last_two_runs_brought_nothing_is_failing(outcomes: list[str], alerts: list[str]) -> None:
    Watermark.objects.update(handled_until=MONDAY + timedelta(days=365))
    with all_organizations():
        for number, outcome in enumerate(outcomes):
            at = MONDAY + timedelta(days=7 * number)
            ran(
                at,
                period=f"{at:%Y-%m-%d}",
                status="partial" if outcome == "fruitless" else outcome,
                counts={"processed": 2, "failed": 2} if outcome == "fruitless" else {"success": 1},
            )
    watch_installation(as_of=MONDAY + timedelta(days=28))
    assert [kind for kind, _, _ in open_alerts()] == alerts
    assert len(mails()) == len(alerts)


def fails_in(*organizations: str, turn: int) -> int:
    at = MONDAY + turn * MINUTE
    with all_organizations():
        run = ran(
            at,
            period=f"2026-09-{turn + 1:02}",
            status="partial" if organizations else "succeeded",
            counts={"success": 1},
            errors=[{"organization": slug, "message": "DataError"} for slug in organizations],
        )
    watch_installation(as_of=at)
    return run.pk


def test_an_organization_that_fails_beside_others_that_work_is_a_matter_of_its_own_until_it_works() -> None:
    Watermark.objects.update(handled_until=MONDAY + timedelta(days=365))
    fails_in("acme", turn=0)
    assert open_alerts() == []
    runs = [fails_in("acme", "outsider", turn=turn) for turn in (1, 2)]
    assert sorted(open_alerts()) == [
        ("job_failing", f"names/{slug}", {"runs": runs[::-1], "organization": slug}) for slug in ("acme", "outsider")
    ]
    fails_in("outsider", turn=3)
    assert [matter for _, matter, _ in open_alerts()] == ["names/outsider"]
    fails_in(turn=4)
    assert open_alerts() == []
    assert mails() == [("operator@example.com", f"Names: fails repeatedly for {slug}") for slug in ("acme", "outsider")]


@pytest.mark.parametrize(("organizations", "alerts"), [(5, 5), (6, 1), (90, 1)])
def test_what_fails_in_many_organizations_is_one_matter(organizations: int, alerts: int) -> None:
    Watermark.objects.update(handled_until=MONDAY + timedelta(days=365))
    slugs = sorted(each.slug for each in OrganizationFactory.create_batch(organizations))
    runs = [fails_in(*slugs, turn=turn) for turn in range(2)]
    assert len(open_alerts()) == len(mails()) == alerts
    if alerts == 1:
        assert open_alerts() == [("job_failing", "names", {"runs": runs[::-1], "organizations": slugs})]
        with all_organizations():
            words = OutboxEmail.objects.get().text.split()
        assert f"for the same {organizations} organizations or more" in " ".join(words)


def test_an_operator_acknowledges_in_the_admin(browser: Browser) -> None:
    watch_installation(as_of=MONDAY + 20 * MINUTE)
    operator = UserFactory.create(is_staff=True, is_superuser=True)
    sign_in(browser, operator)
    alert = OperatorAlert.objects.get()
    page = browser.post("/admin/health/operatoralert/", {"action": "acknowledge", "_selected_action": [alert.pk]})
    assert page.status_code == 302
    alert.refresh_from_db()
    assert alert.acknowledged_by == operator
    assert "acknowledged" in browser.get(f"/admin/health/operatoralert/{alert.pk}/change/").content.decode()


def test_operator_alerts_and_the_mails_about_them_are_the_operators(
    browser: Browser, organization: Organization
) -> None:
    watch_installation(as_of=MONDAY + 20 * MINUTE)
    alerts, mail_list = "/admin/health/operatoralert/", "/admin/emails/outboxemail/"
    sign_in(browser, MembershipFactory.create(organization=organization, role="owner").user)
    assert browser.get(alerts).status_code == 403
    assert "Names: late" not in browser.get(mail_list).content.decode()
    sign_in(browser, UserFactory.create(is_staff=True, is_superuser=True))
    assert browser.get(alerts).status_code == 200
    assert "Names: late" in browser.get(mail_list).content.decode()


def mail(status: str, *, due: timedelta, organization: Organization) -> None:
    with all_organizations():
        OutboxEmail.objects.create(
            organization=organization, kind="weekly-success", key=f"{status}{due}", to_address="a@example.org",
            subject="Your week", text="", status=status, next_attempt_at=MONDAY + due, queued_at=MONDAY,
        )  # fmt: skip


@pytest.mark.parametrize("status", ["pending", "retry", "claimed", "calling"])
def test_mail_that_nobody_hands_over_is_told(status: str, organization: Organization) -> None:
    Watermark.objects.update(handled_until=MONDAY + timedelta(days=365))
    mail(status, due=timedelta(0), organization=organization)
    mail(status, due=timedelta(hours=5), organization=organization)
    watch_installation(as_of=MONDAY + 30 * MINUTE)
    assert open_alerts() == []
    watch_installation(as_of=MONDAY + 31 * MINUTE)
    assert open_alerts() == [("mail_waits", "mail", {"mails": 1, "oldestDueAt": "2026-09-07T07:00:00+00:00"})]
    assert mails()[-1] == ("operator@example.com", "1 mail waits")


def test_uncertain_mail_is_told_until_it_is_settled(organization: Organization, outsider: Organization) -> None:
    Watermark.objects.update(handled_until=MONDAY + timedelta(days=365))
    for ours in (organization, outsider):
        mail("uncertain", due=timedelta(0), organization=ours)
    mail("sent", due=timedelta(0), organization=organization)
    watch_installation(as_of=MONDAY)
    assert open_alerts() == [("mail_uncertain", "mail", {"mails": 2})]
    assert mails()[-1] == ("operator@example.com", "2 mails are uncertain")
    with all_organizations():
        OutboxEmail.objects.filter(status="uncertain").update(status="sent")
    watch_installation(as_of=MONDAY + MINUTE)
    assert open_alerts() == []
