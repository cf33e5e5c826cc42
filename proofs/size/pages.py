"""The client's page and the list of alerts in the largest organization: how long the server takes, and its queries."""

from collections.abc import Sequence

from django.conf import settings
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts.models import Client, Organization, User
from accounts.tenancy import organization_scope
from benchmarks import load
from health.models import Alert
from proofs.size.figures import Figures

HOST = {"host": "localhost"}
DASHBOARD = "/client/dashboard/success"
ALERTS = "/admin/health/alert/"
READERS = 40
ROUNDS = 5
LISTS = 40


class PageError(Exception):
    pass


def pages(organization: Organization, *, clients: int, address: tuple[str, int]) -> Figures:
    member, operator = _staff(organization)
    readers = _readers(organization, clients)
    # Each reader's own page, in turns: the next request is hardly ever about what was just read.
    figures = _page("client's page", DASHBOARD, readers * ROUNDS, address)
    figures |= _page("alert list of a member", ALERTS, [member] * LISTS, address)
    figures |= _page("alert list of an operator", ALERTS, [operator] * LISTS, address)
    with organization_scope(organization.pk):
        figures["open alerts of the member's organization"] = Alert.objects.unresolved().count()
    return figures


def _page(name: str, path: str, browsers: Sequence[Browser], address: tuple[str, int]) -> Figures:
    requests = [load.get(path, cookie=_cookie(browser)) for browser in browsers]
    run = load.send_all(address, requests[:4] + requests, connections=1)
    if run.failures:
        raise PageError(run.failures[0][:2000])
    queries = _queries(path, browsers[-1])
    return {f"{name}, p50, ms": run.p50_ms, f"{name}, p95, ms": run.p95_ms, f"{name}: queries": queries}


def _queries(path: str, browser: Browser) -> int:
    """Of the second of two requests: the first may fill what a process remembers."""
    browser.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = browser.get(path)
    if response.status_code != 200:
        raise PageError(response.content[:2000])
    return len(captured)


def _staff(organization: Organization) -> tuple[Browser, Browser]:
    operator, _is_new = User.objects.get_or_create(username="operator", is_staff=True, is_superuser=True)
    return signed_in(User.objects.get(username=f"owner-{organization.slug}")), signed_in(operator)


def _readers(organization: Organization, clients: int) -> list[Browser]:
    """Clients from all over the organization, who get a login each."""
    names = [f"client-{1 + number * clients // READERS}" for number in range(READERS)]
    browsers = []
    with organization_scope(organization.pk):
        for client in Client.objects.filter(organization=organization, external_id__in=names):
            user, _is_new = User.objects.get_or_create(username=f"client-{client.pk}")
            Client.objects.filter(pk=client.pk).update(user=user)
            browsers.append(signed_in(user))
    return browsers


def signed_in(user: User) -> Browser:
    browser = Browser(headers=HOST)
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return browser


def _cookie(browser: Browser) -> str:
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
