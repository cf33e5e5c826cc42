"""The product's own browser script, on a page of another origin."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from accounts.tenancy import all_organizations, organization_scope
from telemetry.models import Event
from tests.browser.serving import served_folder
from tests.factories import OrganizationFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOP = """<!doctype html><html lang="en"><head><title>A shop</title>
<script>window.mainstay = [["track", "early", {"n": 1}]]</script>
<script src="ADDRESS/track.js" data-write-key="KEY" ATTRIBUTES defer></script></head>
<body><h1>A shop</h1></body></html>"""
BATCH = "**/v1/batch"
Shop = Callable[[str], str]


@pytest.fixture
def shop(site: str, tmp_path: Path) -> Iterator[Shop]:
    """Makes a page with the script and gives its address."""
    organization = OrganizationFactory.create(slug="acme")
    with organization_scope(organization.pk):
        secret = create_api_key(organization, kind=ApiKey.Kind.WRITE, name="shop").secret
    with served_folder(tmp_path) as address:

        def make(attributes: str = "") -> str:
            text = SHOP.replace("ADDRESS", site).replace("KEY", secret).replace("ATTRIBUTES", attributes)
            (tmp_path / "shop.html").write_text(text)
            return f"{address}/shop.html"

        yield make


def visit(page: Page, address: str) -> None:
    with page.expect_response(BATCH) as answer:
        page.goto(address)
    assert answer.value.json()["rejected"] == []


def call(page: Page, script: str) -> None:
    with page.expect_response(BATCH):
        page.evaluate(script)


def stored(*fields: str) -> list[tuple[Any, ...]]:
    with all_organizations():
        return sorted(Event.objects.values_list(*fields), key=str)


def test_views_and_calls_become_events(page: Page, shop: Shop) -> None:
    visit(page, shop(""))
    call(page, "mainstay.identify('user-1', {plan: 'pro'}); mainstay.track('content_generated', {words: 9})")
    call(page, "history.pushState({}, '', '/second?secret=1')")
    assert stored("call", "name", "client__external_id", "page_path") == [
        ("identify", "identify", "user-1", ""),
        ("page", "page_view", "user-1", "/second"),
        ("page", "page_view", "user-1", "/shop.html"),
        ("track", "content_generated", "user-1", "/shop.html"),
        ("track", "early", "user-1", "/shop.html"),
    ]


def test_what_could_not_be_sent_is_sent_by_the_next_page(page: Page, shop: Shop) -> None:
    def fail(route: Route) -> None:
        route.abort()

    page.route(BATCH, fail)
    address = shop("data-manual")
    page.goto(address)
    page.evaluate("mainstay.track('task_completed')")
    page.wait_for_timeout(200)
    page.unroute(BATCH, fail)
    assert stored("name") == []
    visit(page, address)
    names = [name for (name,) in stored("name")]
    assert (names.count("task_completed"), names.count("early")) == (1, 2)


def test_nobody_is_followed_who_asked_not_to_be(page: Page, shop: Shop) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page.goto(shop("data-respect-dnt"))
    page.evaluate("mainstay.track('task_completed')")
    page.wait_for_timeout(200)
    assert stored("name") == []
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_page_without_storage_still_tracks(page: Page, shop: Shop) -> None:
    page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})")
    visit(page, shop(""))
    assert [name for (name,) in stored("name")] == ["early", "page_view"]


def test_nothing_that_goes_wrong_reaches_the_page(page: Page, shop: Shop) -> None:
    errors: list[object] = []
    page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - Playwright takes no built-in
    page.add_init_script("window.fetch = () => { throw new Error('no') }")
    page.goto(shop(""))
    page.evaluate("const a = {}; a.a = a; mainstay.track('x', a); mainstay.track('y')")
    page.evaluate("mainstay.push(); mainstay.push(['nothing'])")
    page.wait_for_timeout(200)
    assert errors == []
