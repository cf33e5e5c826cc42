"""Every address and method outside of the admin, asked for by people and programs of another organization.

What they get is what they would get for something that does not exist, to the byte, and nothing is changed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.db.models import Model
from django.test import Client as Browser
from django.urls import get_resolver
from pytest_django.plugin import DjangoDbBlocker

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Client, Membership, Organization, User
from accounts.tenancy import all_organizations, organization_scope
from health.models import Alert
from success.models import Churn, Insight, Score, Task
from tests import emptying
from tests.factories import ClientFactory, MembershipFactory, OrganizationFactory, UserFactory
from tests.gates.rows import MONDAY, NOW, TODAY, make_row, make_rows, tenant_models
from tests.gates.test_addresses import ADMIN, patterns
from tests.sessions import sign_in

WITH_A_BODY = ("POST", "PUT", "PATCH", "DELETE")
METHODS = ("GET", "HEAD", "OPTIONS", *WITH_A_BODY)
MISSING_ID = "987654321"
VARYING = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')
# What each may be told at all: programs and strangers never more than that nothing is there.
EXPECTED = {
    "a key": {200, 400, 404, 405},
    "an owner": {401, 403},
    "a client": {200, 400, 401, 403, 404, 405},
    "nobody": {401},
}
EXPECTED_OF_PAGES = {
    "a key": {302, 405},
    "an owner": {302, 403, 405},
    "a client": {302, 404, 405},
    "nobody": {302, 405},
}


@dataclass(frozen=True)
class Sample:
    """An address with bodies by method; `{client}` and the like stand for ids of rows, in bodies too."""

    address: str
    bodies: Mapping[str, Any] = field(default_factory=dict)
    is_read: bool = True


OF_A_CLIENT = "/api/v1/clients/{client}"
INSIGHT_ACTION = {"clientId": "{client}", "action": "dismiss", "insightId": "{insight}"}
ALERT_STEPS: dict[str, Any] = {
    "acknowledge": {"actor": "{member}"},
    "assign": {"owner": "{member}"},
    "snooze": {"until": None},
    "wake": {},
    "resolve": {},
    "reopen": {},
    "note": {"note": "taken"},
    "judge": {"verdict": "noise"},
}
SAMPLES: dict[str, list[Sample]] = {
    "api-client": [Sample(OF_A_CLIENT, {"PATCH": {"name": "taken"}})],
    "api-client-churn": [Sample(f"{OF_A_CLIENT}/churn", {"PUT": {"churnedOn": str(TODAY)}})],
    "api-client-events": [Sample(f"{OF_A_CLIENT}/events")],
    "api-client-mail-preferences": [
        Sample(f"{OF_A_CLIENT}/mail-preferences", {"PUT": {"weekly": {"isAgreed": False}}})
    ],
    "api-client-score": [Sample(f"{OF_A_CLIENT}/scores/{MONDAY}")],
    "api-client-scores": [Sample(f"{OF_A_CLIENT}/scores")],
    "api-client-success": [
        Sample("/api/client/success?clientId={client}", {"POST": {"clientId": "{client}"}, "PATCH": INSIGHT_ACTION}),
        Sample(
            "/api/client/success",
            {"PATCH": {"clientId": "{client}", "action": "track-event", "eventType": "login"}},
            is_read=False,
        ),
        # Of one's own client, with an insight that is another's.
        Sample("/api/client/success", {"PATCH": INSIGHT_ACTION | {"clientId": "{own}"}}, is_read=False),
    ],
    "api-client-task": [Sample(f"{OF_A_CLIENT}/tasks/task-1", {"PUT": {"title": "taken"}})],
    "api-insight": [Sample("/api/v1/insights/{insight}", {"PATCH": {"action": "dismiss"}})],
    "api-task": [Sample("/api/v1/tasks/{task}", {"PATCH": {"title": "taken"}})],
    "api-alert": [Sample("/api/v1/alerts/{alert}")],
    **{
        f"api-alert-{step}": [Sample(f"/api/v1/alerts/{{alert}}/{step}", {"POST": body}, is_read=False)]
        for step, body in ALERT_STEPS.items()
    },
    "api-alerts": [
        Sample("/api/v1/alerts"),
        Sample("/api/v1/alerts?clientId={client}"),
        Sample("/api/v1/alerts?owner={member}"),
    ],
    "api-alerts-badge": [Sample("/api/v1/alerts/badge")],
    "api-clients": [Sample("/api/v1/clients"), Sample("/api/v1/clients?externalId={client}")],
    "api-churn": [Sample("/api/v1/churn")],
    "api-feedback": [
        Sample("/api/v1/feedback"),
        Sample("/api/v1/feedback?clientId={client}", {"POST": {"clientId": "{client}", "kind": "nps", "rating": 1}}),
    ],
    "api-insights": [Sample("/api/v1/insights"), Sample("/api/v1/insights?clientId={client}")],
    "api-milestone-definitions": [Sample("/api/v1/milestone-definitions")],
    "api-milestones": [
        Sample("/api/v1/milestones"),
        Sample("/api/v1/milestones?subject=organization"),
        Sample("/api/v1/milestones?clientId={client}"),
    ],
    "api-scores": [Sample("/api/v1/scores"), Sample("/api/v1/scores?clientId={client}")],
    "api-tasks": [
        Sample("/api/v1/tasks"),
        Sample("/api/v1/tasks?clientId={client}", {"POST": {"clientId": "{client}", "title": "taken"}}),
    ],
}
PAGES = {
    f"client-{row}-{step}": [Sample(f"/client/{row}s/{{{row}}}/{step}", {"POST": {}}, is_read=False)]
    for row, steps in {"insight": ("read", "dismiss", "act"), "task": ("complete", "reopen")}.items()
    for step in steps
}
SAMPLES |= PAGES
# What names no row of a tenant: the addresses are asked as they stand. Those with a token are the tests' of the
# token itself, which says whose it is.
WITHOUT_ROWS = {
    *("home", "schema", "api-docs", "cron", "track-script", "set-password", "client-invitation", "feedback-link"),
    *("segment-batch", "segment-track", "segment-page", "segment-screen", "segment-identify", "segment-group"),
    *("segment-alias", "segment-settings", "rudderstack-beacon", "rudderstack-source-config", "events"),
    *("client/", "client/dashboard", "client-sign-in", "client-sign-out", "client-success", "client-events"),
    *("client-feedback", "client-feedback-decline", "client-forgotten-password", "client-password-link-sent"),
    *("client-password", "client-preferences", "client-milestones-celebrated", "client-milestones-new"),
    *("mail-click", "mail-open", "mail-provider-events", "mail-preferences", "mail-unsubscribe"),
    "notice-stop",
}


@dataclass(frozen=True)
class Asker:
    """Somebody by a key or a session; `own` is a client of its own organization."""

    headers: Mapping[str, str] = field(default_factory=dict)
    session: str = ""
    own: str = "user-1"

    def ask(self, sample: Sample, method: str, ids: Mapping[str, str]) -> tuple[int, bytes]:
        """In a new browser each time: what is kept for the next page would tell two answers apart."""
        browser, ids = Browser(), {**ids, "own": self.own}
        browser.cookies[settings.SESSION_COOKIE_NAME] = self.session
        address = filled(sample.address, {name: quote(value) for name, value in ids.items()})
        body = filled(json.dumps(sample.bodies.get(method, {})), ids) if method in WITH_A_BODY else ""
        response = browser.generic(method, address, body, content_type="application/json", headers=self.headers)
        # A refusal before there is a scope marks the transaction of the test itself.
        transaction.set_rollback(False)
        return response.status_code, VARYING.sub(b"", response.content)


def session_of(user: User) -> str:
    browser = sign_in(Browser(), user)
    return str(browser.cookies[settings.SESSION_COOKIE_NAME].value)


def filled(text: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def ids_of(organization: Organization) -> dict[str, str]:
    """Of rows that are there. The client's task has the id that the samples name."""
    insight: Any = make_row(Insight, organization)
    task: Any = make_row(Task, organization)
    client: Any = make_row(Client, organization)
    alert: Any = make_row(Alert, organization)
    member: Any = make_row(Membership, organization)
    with all_organizations():
        Task.objects.filter(pk=task.pk).update(client=client, external_id="task-1")
        Insight.objects.filter(pk=insight.pk).update(client=client)
        Score.objects.filter(organization=organization).update(client=client)
        Churn.objects.create(organization=organization, client=client, churned_on=TODAY, marked_at=NOW)
    return {
        "client": client.external_id,
        "insight": str(insight.pk),
        "task": str(task.pk),
        "alert": str(alert.pk),
        "member": member.user.username,
    }


def askers_of(outsider: Organization) -> dict[str, Asker]:
    with organization_scope(outsider.pk):
        key = create_api_key(outsider, kind=ApiKey.Kind.SECRET, name="theirs")
    client = ClientFactory.create(organization=outsider, external_id="own", user=UserFactory.create())
    owner = MembershipFactory.create(organization=outsider, role=Membership.Role.OWNER).user
    return {
        "a key": Asker(headers={"Authorization": f"Bearer {key.secret}"}),
        "an owner": Asker(session=session_of(owner)),
        "a client": Asker(session=session_of(client.user), own="own"),
        "nobody": Asker(),
    }


@dataclass(frozen=True)
class World:
    """Two organizations: `ids` and `contents` of the one that has rows, and who asks for them."""

    ids: Mapping[str, str]
    contents: list[Any]
    strangers: Mapping[str, Asker]
    own_key: Asker
    own_client: Asker


def make_world() -> World:
    acme, outsider = (OrganizationFactory.create(slug=slug) for slug in ("acme", "outsider"))
    ClientFactory.create(organization=outsider, external_id="user-1")
    strangers = askers_of(outsider)
    make_rows(acme)
    ids = ids_of(acme)
    with organization_scope(acme.pk):
        key = create_api_key(acme, kind=ApiKey.Kind.SECRET, name="ours")
        client = Client.objects.get(external_id=ids["client"])
        client.user = UserFactory.create()
        client.save()
    own_key = Asker(headers={"Authorization": f"Bearer {key.secret}"}, own=ids["client"])
    own_client = Asker(session=session_of(client.user), own=ids["client"])
    return World(ids=ids, contents=contents(), strangers=strangers, own_key=own_key, own_client=own_client)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Committed, for all tests of this file: each takes back what it does, and making it again would take longer."""
    with django_db_blocker.unblock():
        made = make_world()
        yield made
        connections.close_all()
        emptying.empty_tables()
        connections.close_all()


def contents() -> list[Any]:
    """All rows of all tenants' tables, but when a key was used last."""
    with all_organizations():
        return [sorted(map(str, model._default_manager.values_list(*columns(model)))) for model in tenant_models()]


def columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if field.name != "last_used_at"]


def test_every_address_is_sampled_or_names_no_row() -> None:
    outside = {name for route, name in patterns(get_resolver()) if not route.startswith(ADMIN)}
    assert outside == SAMPLES.keys() | WITHOUT_ROWS
    assert not SAMPLES.keys() & WITHOUT_ROWS


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_anothers_is_answered_like_what_is_not_there(name: str, world: World, db: None) -> None:
    missing = dict.fromkeys(world.ids, MISSING_ID)
    expected = EXPECTED_OF_PAGES if name in PAGES else EXPECTED
    for sample in SAMPLES[name]:
        for who, asker in world.strangers.items():
            for method in METHODS:
                foreign, absent = (asker.ask(sample, method, ids) for ids in (world.ids, missing))
                assert foreign == absent, (who, method, sample.address)
                assert b"of acme" not in foreign[1], (who, method, sample.address)
                assert foreign[0] in expected[who], (who, method, sample.address, foreign)
    assert contents() == world.contents


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_there_for_their_own(name: str, world: World, db: None) -> None:
    """Else the gate would compare nothing with nothing."""
    own = world.own_client if name in PAGES else world.own_key
    for sample in SAMPLES[name]:
        for method in [*(["GET"] if sample.is_read else []), *sample.bodies]:
            assert own.ask(sample, method, world.ids)[0] in {200, 201, 302}, (method, sample.address)
