"""The seconds of all that is done for one organization: jobs, batches, pages and lists of the API."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from django.contrib import admin
from django.db import connections
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Client, Organization, User
from accounts.tenancy import all_organizations, organization_scope
from benchmarks.event_population import add_clients, vacuum
from benchmarks.messages import messages
from jobs.definitions import Job, WorkUnit
from proofs.job_units import units_of
from proofs.size.figures import Figures, timed
from proofs.size.filling import create_organization
from proofs.size.pages import HOST, PageError, signed_in
from success.models import Churn

EVENTS = 900
WEEKS_BEFORE = (8, 4, 1)
LEFT_ONE_OF = 5
PAGES = ("admin:success_backtest", "admin:health_alert_precision")
API = ("clients", "tasks", "scores", "insights", "milestones", "feedback", "churn", "alerts", "alerts-badge")
# Lists that are not for members.
REFUSED = 403
NEVER_ANALYZED = """
    SELECT format('ALTER TABLE %I SET (autovacuum_enabled = off)', relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""


def new_to_the_statistics(known: int, *, sizes: tuple[int, ...]) -> list[Figures]:
    """Of organizations of so many clients; the statistics are of one with `known` clients that was there before."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(NEVER_ANALYZED)
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
    now = timezone.now()
    measured(known, now=now)
    vacuum()
    return [measured(clients, now=now) for clients in sizes]


def measured(clients: int, *, now: datetime) -> Figures:
    """An organization of so many clients that is made for it."""
    with all_organizations():
        organization = create_organization(f"new-{clients}")
    add_clients(organization, first=1, last=clients, until=now - timedelta(hours=1))
    _mark_who_left(organization, now)
    seconds: Figures = {}
    for step, take in [*_jobs(organization, now), *_asked(organization, clients, now)]:
        with timed() as taken:
            take()
        seconds[step] = taken.seconds
    return seconds


def _jobs(organization: Organization, now: datetime) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every job of the clock, twice: nothing is new to the second."""
    for weeks in WEEKS_BEFORE:
        for job, unit in units_of(organization, now=now - timedelta(weeks=weeks)):
            if job.name == "success-score":
                yield f"{job.name}, {weeks} weeks before", partial(_work, job, unit)
    for again in ("", ", again"):
        for job, unit in units_of(organization, now=now):
            yield f"{job.name}{again}", partial(_work, job, unit)


def _work(job: Job, unit: WorkUnit) -> None:
    with organization_scope(unit.organization_id):
        job.work(unit)


def _asked(organization: Organization, clients: int, now: datetime) -> Iterator[tuple[str, Callable[[], object]]]:
    """A batch about many clients, every list of a member and of a program, and the backtest."""
    with organization_scope(organization.pk):
        keys = {kind: create_api_key(organization, kind=kind, name="proof").secret for kind in ApiKey.Kind}
    for again in ("", ", again"):
        yield f"a batch{again}", partial(_send, keys[ApiKey.Kind.WRITE], clients)
    member = signed_in(User.objects.get(username=f"owner-{organization.slug}"))
    tenants = [model for model in admin.site._registry if hasattr(model, "organization_id")]
    lists = [f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in tenants]
    for name in ("admin:index", *lists, *PAGES):
        yield name, partial(_get, member, reverse(name))
    program = Browser(headers=HOST | {"Authorization": f"Bearer {keys[ApiKey.Kind.SECRET]}"})
    for name in API:
        yield f"api-{name}", partial(_get, program, reverse(f"api-{name}"))


def _mark_who_left(organization: Organization, now: datetime) -> None:
    left_on = now.date() - timedelta(weeks=WEEKS_BEFORE[0] - 2)
    with organization_scope(organization.pk):
        every = Client.objects.filter(organization=organization).order_by("id").values_list("pk", flat=True)
        Churn.objects.bulk_create(
            Churn(organization=organization, client_id=client, churned_on=left_on, marked_at=now)
            for client in every[::LEFT_ONE_OF]
        )


def _send(key: str, clients: int) -> None:
    body = {"batch": messages(EVENTS, clients=clients)}
    headers = HOST | {"Authorization": f"Bearer {key}"}
    answer = Browser(headers=headers).post("/v1/batch", body, content_type="application/json")
    if answer.json()["accepted"] != EVENTS:
        raise PageError(answer.content[:2000])


def _get(browser: Browser, address: str) -> None:
    answer = browser.get(address)
    if answer.status_code not in (200, REFUSED):
        raise PageError(f"{address}: {answer.status_code}")
