"""How long staff wait for the list of alerts, for steps with many of them at once, and for what-if."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, connections
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Membership, Organization, User
from accounts.tenancy import organization_scope
from benchmarks.figures import table
from benchmarks.population import analyze, create_organization, create_silent_clients
from health.models import Alert, HealthPolicy
from health.policies import policy_in_force
from health.what_if.replaying import replay

LIST = "/admin/health/alert/"
ALERTS = 50_000
BULK = 1_000
ROUNDS = 15
VIEWS = {
    "open": "",
    "mine": "?view=mine",
    "all": "?view=all",
    "a search": "?q=client-4999",
    "page 900": "?p=900",
    "page 900 of all": "?view=all&p=900",
}
STEPS = {
    "acknowledge": {"step": "acknowledge"},
    "assign": {"step": "assign"},
    "snooze": {"step": "snooze", "until": "tomorrow"},
    "resolve": {"step": "resolve"},
}
COME_BACK = """
    INSERT INTO telemetry_dailyactivity
        (organization_id, day, client_id, total, login, page_view, task_completed, content_generated, visual_created,
         voice_interaction, insight_reviewed, export_downloaded, settings_updated, feedback_given, unmapped,
         launch_kit_views, duration_seconds, first_at, last_at)
    SELECT organization_id, current_date - back, id, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        current_date - back + time '09:00', current_date - back + time '17:00'
    FROM accounts_client CROSS JOIN generate_series(1, 120) back
    WHERE organization_id = %(organization)s AND (id * 31 + back * 17) %% 100 < 35
"""
LONG_THERE = (
    "UPDATE accounts_client SET created_at = now() - interval '200 days' WHERE organization_id = %(organization)s"
)
OPEN = """
    INSERT INTO health_alert (organization_id, client_id, matter, kind, severity, evidence, opened_at, changed_at,
        reopened_count, good_evaluations, resolution, verdict)
    SELECT organization_id, id, 'silence', CASE id %% 3 WHEN 0 THEN 'zero_activity' ELSE 'inactivity' END,
        CASE id %% 3 WHEN 0 THEN 3 ELSE 2 END,
        jsonb_build_object('silentSince', now(), 'lastActivityAt', null),
        %(now)s - id %% 1000 * interval '1 hour', %(now)s - id %% 1000 * interval '1 hour', 0, 0, '', ''
    FROM accounts_client WHERE organization_id = %(organization)s
"""


@dataclass(frozen=True)
class Measured:
    """Milliseconds of the server, from the request to the whole answer: the median and the slowest."""

    who: str
    what: str
    median_ms: float
    worst_ms: float


def measure(*, announce: Callable[[str], None]) -> list[Measured]:
    """Without a network: the application is called as its server calls it."""
    announce(f"  making {ALERTS:,} open alerts")
    organization = _populate()
    member = User.objects.create_user(f"staff-{organization.slug}", is_staff=True)
    operator = User.objects.create_superuser(f"operator-{organization.slug}")
    with organization_scope(organization.pk):
        Membership.objects.create(organization=organization, user=member, role=Membership.Role.STAFF)
    measured = [
        _lists(who, what, address, _signed_in(user))
        for who, user in (("member", member), ("operator", operator))
        for what, address in VIEWS.items()
    ]
    browser = _signed_in(member)
    measured += [_steps(browser, organization, what, {**values, "owner": member.pk}) for what, values in STEPS.items()]
    measured.append(_what_if(organization))
    for m in measured:
        announce(f"  {m.who}, {m.what}: median {m.median_ms:.0f} ms, slowest {m.worst_ms:.0f} ms")
    return measured


def _lists(who: str, what: str, address: str, browser: Browser) -> Measured:
    _timed(lambda: browser.get(LIST + address), 200)
    return _of(who, what, [_timed(lambda: browser.get(LIST + address), 200) for _ in range(ROUNDS)])


def _steps(browser: Browser, organization: Organization, what: str, values: dict[str, Any]) -> Measured:
    """Each round with alerts of its own, so that each is changed."""
    with organization_scope(organization.pk):
        alerts = Alert.objects.filter(organization=organization, resolved_at=None, owner=None, acknowledged_at=None)
        ids = list(alerts.filter(snoozed_at=None).order_by("id").values_list("pk", flat=True)[: 3 * BULK])
    times = []
    for start in range(0, len(ids), BULK):
        sent = values | {"alerts": ",".join(map(str, ids[start : start + BULK])), "next": LIST}
        times.append(_timed(lambda sent=sent: browser.post(f"{LIST}step/", sent), 302))  # type: ignore[misc]
    return _of("member", f"{what} {BULK:,}", times)


def _what_if(organization: Organization) -> Measured:
    """Of 90 days with clients who come back every few days, beside the policy in force."""
    with organization_scope(organization.pk), connection.cursor() as cursor:
        cursor.execute(COME_BACK, {"organization": organization.pk})
        cursor.execute(LONG_THERE, {"organization": organization.pk})
    analyze()
    times = []
    with organization_scope(organization.pk):
        policies = [HealthPolicy(inactivity_hours=40), policy_in_force(organization.pk)]
        for _ in range(3):
            started = time.perf_counter()
            replay(organization, policies, as_of=timezone.now(), seconds=600)
            times.append(1000 * (time.perf_counter() - started))
    return _of("owner", f"what-if, {ALERTS:,} clients", times)


def _timed(ask: Callable[[], Any], expected: int) -> float:
    started = time.perf_counter()
    response = ask()
    taken = 1000 * (time.perf_counter() - started)
    if response.status_code != expected:
        raise RuntimeError(response.content.decode()[:2000])
    return taken


def _of(who: str, what: str, times: Sequence[float]) -> Measured:
    return Measured(who, what, statistics.median(times), max(times))


def _signed_in(user: User) -> Browser:
    browser = Browser(headers={"host": "localhost"})
    browser.force_login(user)
    return browser


def _populate() -> Organization:
    organization = create_organization(f"alerts-{time.time_ns()}").organization
    now = timezone.now()
    create_silent_clients(organization, clients=ALERTS, period_end=now.date() - timedelta(days=1))
    with organization_scope(organization.pk), connection.cursor() as cursor:
        cursor.execute(OPEN, {"organization": organization.pk, "now": now})
    analyze()
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE health_alert")
    return organization


def report(measured: Sequence[Measured]) -> str:
    return table(
        ["who", "what", "median ms", "slowest ms"],
        [[m.who, m.what, f"{m.median_ms:.0f}", f"{m.worst_ms:.0f}"] for m in measured],
    )
