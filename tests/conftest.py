import gc
import os
from collections.abc import Iterator
from threading import Thread

import pytest
from django.db import connections
from django.test import Client as Browser
from django.utils import timezone, translation
from pytest_django.plugin import DjangoDbBlocker, blocking_manager_key

from accounts.api_keys import NewKey, create_api_key
from accounts.models import ApiKey, Client, Organization
from accounts.tenancy import organization_scope
from tests import database, emptying
from tests.factories import ClientFactory, OrganizationFactory

# Nearly all that is made while tests are collected stays until they end.
gc.disable()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where workers run the tests, the process above them migrates while they load and collect."""
    if session.config.getoption("numprocesses", None):
        making = Thread(target=_make_template, args=[session.config.stash[blocking_manager_key]])
        making.start()
        session.config.add_cleanup(making.join)


def _make_template(blocker: DjangoDbBlocker) -> None:
    with blocker.unblock():
        database.make_template()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no process ends alone; one start of Chromium serves all its tests."""
    items.sort(key=lambda item: [item.get_closest_marker(name) is None for name in ("browser", "slow")])


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector looks through what the tests make only, and less often."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock():
        database.create_database(worker)
    yield
    with django_db_blocker.unblock():
        emptying.let_go()
        database.drop_database(worker)


@pytest.fixture(autouse=True)
def _no_reader() -> Iterator[None]:
    """A request leaves its language and timezone to the thread; the next request would set its own."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database whose transactions really commit: for threads, processes and servers. Emptied afterwards."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()
        emptying.empty_tables()
        connections.close_all()


@pytest.fixture
def organization(db: None) -> Organization:
    made: Organization = OrganizationFactory.create(slug="acme", timezone="Europe/Berlin")
    return made


@pytest.fixture
def outsider(db: None) -> Organization:
    """Another organization with a client of the same external id: there is always something that could leak."""
    organization: Organization = OrganizationFactory.create(slug="outsider")
    ClientFactory.create(organization=organization, external_id="user-1")
    return organization


@pytest.fixture
def client_of_acme(organization: Organization) -> Client:
    made: Client = ClientFactory.create(organization=organization, external_id="user-1")
    return made


@pytest.fixture
def scoped(organization: Organization) -> Iterator[Organization]:
    """Inside of the organization's scope for the whole test."""
    with organization_scope(organization.pk):
        yield organization


@pytest.fixture
def write_key(organization: Organization) -> NewKey:
    with organization_scope(organization.pk):
        return create_api_key(organization, kind=ApiKey.Kind.WRITE, name="tests")


@pytest.fixture
def secret_key(organization: Organization) -> NewKey:
    with organization_scope(organization.pk):
        return create_api_key(organization, kind=ApiKey.Kind.SECRET, name="tests")


@pytest.fixture
def browser() -> Browser:
    return Browser()
