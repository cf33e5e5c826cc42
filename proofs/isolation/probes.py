"""What an organization's people, programs and jobs do that could bring them something of another organization."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.contrib import admin
from django.core.cache import cache as remembered
from django.db import connection, transaction
from django.test import Client as Browser
from django.urls import get_resolver

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope
from proofs.isolation.own_work import Ask, asked_of_own, commands
from proofs.isolation.unfiltered import SWITCHES
from proofs.job_units import units_of
from telemetry.incoming import IncomingEvent
from telemetry.recording import record_events
from tests.factories import OrganizationFactory
from tests.gates.catalogue import tenant_tables
from tests.gates.rows import make_rows, tenant_models
from tests.gates.test_addresses import ADMIN, patterns
from tests.gates.test_outsiders import SAMPLES, Asker, Sample, World, make_world

MARKS = ("of acme", "of third")
A_REFUSAL = 400
FAILED = 500
CLIENT_PAGES = ("dashboard/success", "dashboard/success/events?part=events", "feedback", "preferences")
# Those of commands are kept for the whole of the proof.
FILES = TemporaryDirectory()


@dataclass(frozen=True)
class Seen:
    """`status` of an answer, 0 of work that ended; `leaks` when another organization's text or row is concerned."""

    status: int
    leaks: bool

    def is_worse(self, than: "Seen") -> bool:
        return (self.leaks and not than.leaks) or (self.status < A_REFUSAL <= than.status)


Probe = Callable[[], Seen]


def all_probes() -> Iterator[tuple[str, Probe]]:
    """By name. Three organizations have a row of every model; the one called outsider asks and works."""
    world = make_world()
    third = OrganizationFactory.create(slug="third")
    with all_organizations():
        acme, outsider = (Organization.objects.get(slug=slug) for slug in ("acme", "outsider"))
    for each in (outsider, third):
        make_rows(each)
    yield from _of_samples(world)
    yield from _of_the_admin(world, acme)
    yield from _of_work(outsider, foreign=world.ids["client"])
    asking = asked_of_own(outsider, world.strangers["an owner"], world.strangers["a key"], foreign=world.ids)
    for name, method, ask in asking:
        yield name, partial(_answered, partial(_without_failure, ask), method)


def _of_samples(world: World) -> Iterator[tuple[str, Probe]]:
    """Every address outside of the admin, with the other organization's ids; and the client pages."""
    for name, samples in SAMPLES.items():
        for number, sample in enumerate(samples):
            for who in ("a key", "a client"):
                for method in ("GET", *sample.bodies):
                    ask = partial(world.strangers[who].ask, sample, method, world.ids)
                    yield f"{method} {name} {number} as {who}", partial(_answered, ask, method)
    for address in CLIENT_PAGES:
        ask = partial(world.strangers["a client"].ask, Sample(f"/client/{address}"), "GET", world.ids)
        yield f"GET /client/{address}", partial(_answered, ask, "GET")


def _of_the_admin(world: World, acme: Organization) -> Iterator[tuple[str, Probe]]:
    """Every page of it as an owner, and every page and action of a row of the other organization."""
    asked = [*_pages(world), *_pages_of_rows(acme)]
    for method, address, data in asked:
        ask = partial(_ask_admin, world.strangers["an owner"], method, address, data)
        yield f"{method} {address} {data.get('action', '')}".strip(), partial(_answered, ask, method)


def _pages(world: World) -> Iterator[tuple[str, str, dict[str, str]]]:
    for route, name in patterns(get_resolver()):
        if route.startswith(ADMIN) and "object_id" not in route and "(?P" not in route and name != "logout":
            yield "GET", "/" + re.sub(r"<[^>]+>", world.ids["alert"], route), {}


def _pages_of_rows(acme: Organization) -> Iterator[tuple[str, str, dict[str, str]]]:
    for model, registered in admin.site._registry.items():
        if model not in tenant_models():
            continue
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}"
        with all_organizations():
            theirs = {"pk": acme.pk} if model is Organization else {"organization": acme}
            row = str(model._default_manager.filter(**theirs).latest("pk").pk)
        for page in ("change", "history", "delete"):
            yield "GET", f"{base}/{row}/{page}/", {}
            yield "POST", f"{base}/{row}/{page}/", {"post": "yes"}
        for action in [*(registered.actions or ()), "delete_selected"]:
            name = action if isinstance(action, str) else action.__name__
            chosen = {"action": name, "_selected_action": row, "select_across": "1", "post": "yes", "index": "0"}
            yield "POST", f"{base}/", chosen


def _ask_admin(owner: Asker, method: str, address: str, data: dict[str, str]) -> tuple[int, bytes]:
    browser = Browser(raise_request_exception=False)
    browser.cookies[settings.SESSION_COOKIE_NAME] = owner.session
    response = browser.get(address, data) if method == "GET" else browser.post(address, data)
    transaction.set_rollback(False)
    return response.status_code, response.getvalue()


def _answered(ask: Callable[[], tuple[int, bytes]], method: str) -> Seen:
    with _taken_back():
        before = None if method == "GET" else _others()
        try:
            status, content = ask()
        except Exception:  # noqa: BLE001 - without a filter code may fail in any way, which tells nobody anything
            return Seen(FAILED, leaks=False)
        changed = before is not None and _others() != before
    return Seen(status, leaks=changed or any(mark.encode() in content for mark in MARKS))


def _without_failure(ask: Ask) -> tuple[int, bytes]:
    """A refusal before there is a scope marks the transaction that is taken back anyway."""
    answer = ask()
    transaction.set_rollback(False)
    return answer


def _of_work(outsider: Organization, *, foreign: str) -> Iterator[tuple[str, Probe]]:
    """The clock's jobs, events and commands of one organization: they touch no other's rows, and take no text over."""
    now = datetime.now(UTC)
    for job, unit in units_of(outsider, now=now):
        yield f"job {job.name}", partial(_worked, outsider, partial(job.work, unit))
    for call in ("track", "identify", "alias"):
        yield f"event {call}", partial(_worked, outsider, partial(_record, outsider, call, now))
    for name, run in commands(outsider, foreign=foreign, folder=Path(FILES.name)):
        yield name, partial(_worked, outsider, run)


def _record(outsider: Organization, call: str, now: datetime) -> None:
    event = IncomingEvent(
        message_id=call, call=call, name=call, external_id="user-1", anonymous_id="browser-1",
        stated_at=now - timedelta(days=1),
        data={"previousId": "own", "plan": "gold", "name": "Ann", "email": "ann@example.com"},
    )  # fmt: skip
    record_events(outsider.pk, [event], received_at=now)


def _worked(outsider: Organization, work: Callable[[], object]) -> Seen:
    with _taken_back():
        before, status = _others(), 0
        try:
            with organization_scope(outsider.pk):
                work()
        except (Exception, SystemExit):  # noqa: BLE001 - as above; commands end so
            status = FAILED
        leaks = _others() != before or any(mark in text for mark in MARKS for text in _own(outsider))
    return Seen(status, leaks=leaks)


@contextmanager
def _taken_back() -> Iterator[None]:
    remembered.clear()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@cache
def _tables() -> list[tuple[str, str]]:
    """With the column that says whose a row is."""
    return [(table, "id" if table == "accounts_organization" else "organization_id") for table in tenant_tables()]


def _others() -> list[str]:
    """A sum over all rows of all other organizations, by table."""
    return _read(
        "SELECT '{table}' || md5(string_agg(md5(one::text), '' ORDER BY md5(one::text))) FROM {table} AS one"
        " WHERE {column} IN (SELECT id FROM accounts_organization WHERE slug <> 'outsider')"
    )


def _own(outsider: Organization) -> list[str]:
    return _read(f"SELECT one::text FROM {{table}} AS one WHERE {{column}} = {outsider.pk}")


def _read(query: str) -> list[str]:
    """For every table; nothing is left out meanwhile."""
    transaction.set_rollback(False)
    off, SWITCHES.off = SWITCHES.off, None
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(query.format(table=table, column=column) for table, column in _tables()))
        found = [str(text) for (text,) in cursor.fetchall()]
    SWITCHES.off = off
    return found
