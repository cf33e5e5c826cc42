"""Staff at the alert console, from signing in to the log that tells of it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import Organization
from accounts.tenancy import all_organizations
from health.models import Alert
from tests.browser.accessibility import COLOURS, WCAG_AA, violations_of
from tests.browser.sessions import open_signed_in
from tests.factories import ClientFactory, MembershipFactory, OrganizationFactory
from tests.health.alert_rows import alert_of
from tests.health.consoles import page_of, steps_of
from tests.success.scored_clients import PASSWORD, add_score
from tests.success.told_clients import add_task

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LIST = "/admin/health/alert/"
# The rest of these pages is drawn by the admin's framework.
OURS = [".alert-views", ".alert-keys", "#result_list", ".home", ".alert-step"]


@pytest.fixture
def acme(site: str) -> Organization:
    """Three open alerts; the worst and oldest is Ada's."""
    organization: Organization = OrganizationFactory.create()
    for name in ("Ann", "Ben"):
        MembershipFactory.create(organization=organization, user__username=name.lower(), user__first_name=name)
    now = timezone.now()
    for name, severity, kind, days in (
        ("Mild Mary", 2, "inactivity", 30),
        ("Ada Lovelace", 3, "zero_activity", 9),
        ("Bob Babbage", 3, "zero_activity", 2),
    ):
        client = ClientFactory.create(organization=organization, name=name)
        alert_of(
            client,
            severity=severity,
            kind=kind,
            opened_at=now - timedelta(days=days),
            changed_at=now - timedelta(days=days),
        )
    return organization


def alert_about(name: str) -> Alert:
    with all_organizations():
        return Alert.objects.select_related("client").get(client__name=name)


def sign_in(page: Page, username: str) -> None:
    page.goto(LIST)
    page.locator("#id_username").fill(username)
    page.locator("#id_password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)


def test_a_member_works_on_the_worst_and_another_sees_it(
    page: Page, chromium: Browser, site: str, acme: Organization
) -> None:
    sign_in(page, "ann")
    worst = page.locator("#result_list tbody tr").first
    expect(worst).to_contain_text("Ada Lovelace")
    worst.get_by_role("link", name="Zero activity").click()
    expect(page.get_by_text("No activity since")).to_be_visible()

    steps = page.locator(".alert-steps")
    steps.get_by_label("Note").first.fill("I call her at noon.")
    steps.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("1 alert acknowledged.")).to_be_visible()

    steps.locator("select[name=owner]").select_option(label="Ben")
    steps.get_by_role("button", name="Assign").click()
    expect(page.get_by_text("1 alert assigned.")).to_be_visible()

    steps.locator("summary", has_text="Snooze").click()
    steps.get_by_role("button", name="Snooze").click()
    expect(page.get_by_text("1 alert snoozed.")).to_be_visible()

    with chromium.new_context(base_url=site) as context:
        other = context.new_page()
        open_signed_in(other, LIST, "ben")
        expect(other.locator("#result_list tbody tr")).to_have_count(2)
        other.get_by_role("link", name="Snoozed 1").click()
        row = other.locator("#result_list tbody tr")
        expect(row).to_contain_text("Ada Lovelace")
        expect(row).to_contain_text("Ben")
        row.get_by_role("link", name="Zero activity").click()
        log = other.locator(".alert-log li")
        expect(log.locator("b")).to_have_text(["Snoozed", "Assigned", "Acknowledged", "Opened"])
        expect(log.nth(2)).to_contain_text("Ann")
        expect(log.nth(2)).to_contain_text("I call her at noon.")


def test_the_list_is_worked_through_by_keys(page: Page, acme: Organization) -> None:
    open_signed_in(page, LIST, "ann")
    rows = page.locator("#result_list tbody tr")
    expect(rows.nth(0).get_by_role("link").first).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1).get_by_role("link").first).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#result_list input.action-select:checked")).to_have_count(2)
    page.keyboard.press("a")
    expect(page.get_by_text("2 alerts acknowledged.")).to_be_visible()
    expect(rows).to_have_count(1)
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Snooze: 1 alert")).to_be_visible()
    page.locator("form").get_by_role("button", name="Snooze").click()
    expect(page.get_by_text("1 alert snoozed.")).to_be_visible()
    assert {name: steps_of(alert_about(name)) for name in ("Ada Lovelace", "Bob Babbage", "Mild Mary")} == {
        "Ada Lovelace": [("acknowledged", "")],
        "Bob Babbage": [("acknowledged", "")],
        "Mild Mary": [("snoozed", "")],
    }


def test_keys_assign_to_oneself_note_resolve_and_open(page: Page, acme: Organization) -> None:
    open_signed_in(page, LIST, "ann")
    rows = page.locator("#result_list tbody tr")
    expect(rows.nth(0).get_by_role("link").first).to_be_focused()
    page.keyboard.press("m")
    expect(page.get_by_text("1 alert assigned.")).to_be_visible()
    expect(rows.nth(0)).to_contain_text("Ann")
    page.locator("#searchbar").press_sequentially("mr")
    expect(page.locator("#searchbar")).to_have_value("mr")
    rows.nth(0).get_by_role("link").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Add a note: 1 alert")).to_be_visible()
    page.get_by_label("Note").fill("On holiday.")
    page.locator("form").get_by_role("button", name="Add a note").click()
    expect(page.get_by_text("Noted on 1 alert.")).to_be_visible()
    rows.nth(1).get_by_role("link").first.focus()
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Resolve: 1 alert")).to_be_visible()
    page.locator("form").get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("1 alert resolved.")).to_be_visible()
    expect(rows.nth(0).get_by_role("link").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Zero activity: Ada Lovelace")).to_be_visible()
    assert {name: steps_of(alert_about(name)) for name in ("Ada Lovelace", "Bob Babbage")} == {
        "Ada Lovelace": [("assigned", "")],
        "Bob Babbage": [("noted", "On holiday."), ("resolved", "")],
    }


def test_a_long_name_is_not_cut_off_on_a_phone(page: Page, acme: Organization) -> None:
    alert_of(ClientFactory.create(organization=acme, name="x" * 190), opened_at=timezone.now() - timedelta(days=99))
    page.set_viewport_size({"width": 390, "height": 844})
    open_signed_in(page, LIST, "ann")
    name = page.locator("#result_list .field-client_link a").first
    expect(name).to_have_text("x" * 190)
    box = name.bounding_box()
    assert box is not None
    assert (box["x"] >= 0, box["x"] + box["width"] <= 390) == (True, True)


def test_the_console_has_no_accessibility_violations(page: Page, acme: Organization) -> None:
    alert = alert_about("Ada Lovelace")
    client = alert.client
    add_score(client)
    add_task(client, due_on=timezone.now().date() - timedelta(days=1))
    open_signed_in(page, LIST, "ann")
    found = {}
    for scheme, rules in (("light", WCAG_AA), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for place in (LIST, page_of(alert), f"/admin/accounts/client/{client.pk}/overview/"):
            page.goto(place)
            page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            found[scheme, place] = violations_of(rules, page, within=OURS)
    assert found == {place: [] for place in found}
