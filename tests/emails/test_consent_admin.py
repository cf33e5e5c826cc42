"""What staff enter and see of consent, and how stopped addresses are lifted."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client as Browser
from time_machine import travel

from accounts.models import AuditEntry, Client, Membership, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category
from emails.consent import preferences_of, record_consent
from emails.models import Consent, Suppression
from emails.models.preferences import Source
from emails.suppression import suppress
from tests.factories import ClientFactory, MembershipFactory, UserFactory
from tests.sessions import sign_in

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
ADD = "/admin/emails/consent/add/"
STOPPED = "/admin/emails/suppression/"


@pytest.fixture(autouse=True)
def _now() -> Any:
    with travel(NOW, tick=False):
        yield


@pytest.fixture
def staff(organization: Organization, outsider: Organization) -> Browser:
    return signed_in(organization, Membership.Role.STAFF)


def signed_in(organization: Organization, role: Membership.Role) -> Browser:
    return sign_in(Browser(), MembershipFactory.create(organization=organization, role=role).user)


def said(client: Client, /, **changes: str) -> dict[str, str]:
    form = {"category": "weekly", "wants": "yes", "frequency": "", "note": "Called on Monday"}
    berlin = {"at_0": "2026-11-18", "at_1": "13:00:00"}
    return {"client": str(client.pk)} | berlin | form | changes


def unsubscribe(client: Client) -> None:
    with organization_scope(client.organization_id):
        record_consent(client, category=Category.WEEKLY, is_given=False, source=Source.ONE_CLICK, at=NOW)


def words() -> list[tuple[Any, ...]]:
    with all_organizations():
        rows = Consent.objects.order_by("id").values_list("client", "category", "is_given", "source", "detail")
        return list(rows)


def audited() -> list[tuple[str, Any]]:
    with all_organizations():
        return list(AuditEntry.objects.order_by("id").values_list("action", "changes"))


def problems(response: Any) -> Any:
    return response.context["adminform"].form.errors


def test_staff_enter_what_a_client_told_them(staff: Browser, client_of_acme: Client) -> None:
    assert staff.post(ADD, said(client_of_acme)).status_code == 302
    assert words() == [(client_of_acme.pk, "weekly", True, "staff", {"note": "Called on Monday"})]
    assert audited()[-1] == ("client.consent_recorded", {"weekly": [None, True]})
    with organization_scope(client_of_acme.organization_id):
        assert Consent.objects.get().actor is not None


def test_a_client_who_unsubscribed_is_not_signed_up_again_without_saying_how_it_is_known(
    staff: Browser, client_of_acme: Client
) -> None:
    unsubscribe(client_of_acme)
    assert list(problems(staff.post(ADD, said(client_of_acme, note="  ")))) == ["note"]
    assert len(words()) == 1
    assert staff.post(ADD, said(client_of_acme)).status_code == 302
    assert words()[1:] == [(client_of_acme.pk, "weekly", True, "staff", {"note": "Called on Monday"})]
    assert audited()[-1] == ("client.consent_recorded", {"weekly": [False, True]})


def test_a_no_needs_no_note(staff: Browser, client_of_acme: Client) -> None:
    assert staff.post(ADD, said(client_of_acme, wants="no", note="")).status_code == 302
    assert words() == [(client_of_acme.pk, "weekly", False, "staff", {})]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"at_0": "2026-11-19"}, "at"),
        ({"at_0": "2026-11-17"}, "at"),
        ({"wants": "no"}, "__all__"),
        ({"wants": ""}, "wants"),
        ({"wants": "🙂"}, "wants"),
        ({"category": "newsletter"}, "category"),
        ({"frequency": "daily"}, "frequency"),
        ({"note": "x" * 1001}, "note"),
        ({"note": "\0"}, "note"),
        ({"client": "987654321"}, "client"),
    ],
)
def test_what_cannot_be_is_refused(staff: Browser, client_of_acme: Client, changes: dict[str, str], field: str) -> None:
    unsubscribe(client_of_acme)
    assert list(problems(staff.post(ADD, said(client_of_acme, **changes)))) == [field]
    assert len(words()) == 1


def test_the_client_of_another_organization_cannot_be_spoken_for(
    staff: Browser, client_of_acme: Client, outsider: Organization
) -> None:
    theirs = ClientFactory.create(organization=outsider)
    assert list(problems(staff.post(ADD, said(theirs)))) == ["client"]
    assert words() == []


def test_a_word_can_be_read_and_not_changed(staff: Browser, client_of_acme: Client) -> None:
    staff.post(ADD, said(client_of_acme))
    with all_organizations():
        page = f"/admin/emails/consent/{Consent.objects.get().pk}/change/"
    assert "note: Called on Monday" in staff.get(page).content.decode()
    assert staff.post(page, said(client_of_acme, wants="no")).status_code == 403
    assert len(words()) == 1


def test_the_form_begins_with_the_client_it_was_opened_for(staff: Browser, client_of_acme: Client) -> None:
    page = staff.get(f"{ADD}?client={client_of_acme.pk}").content.decode()
    assert f'<option value="{client_of_acme.pk}" selected>' in page


def test_the_page_of_a_client_leads_to_its_words_and_those_of_who_was_merged_into_it(
    staff: Browser, client_of_acme: Client, organization: Organization
) -> None:
    former, other = ClientFactory.create_batch(2, organization=organization)
    for client in (client_of_acme, former, other):
        unsubscribe(client)
    with all_organizations():
        Client.objects.filter(pk=former.pk).update(merged_into=client_of_acme)
    listed = staff.get(f"/admin/accounts/client/{client_of_acme.pk}/consent", follow=True).context["cl"].result_list
    assert {word.client_id for word in listed} == {client_of_acme.pk, former.pk}
    form = staff.get(f"/admin/accounts/client/{client_of_acme.pk}/record-consent", follow=True)
    assert f'<option value="{client_of_acme.pk}" selected>' in form.content.decode()


@pytest.mark.parametrize("of", ["", "0", "x", "%00", "🙂", "9" * 30, "987654321"])
def test_words_of_nobody_in_particular_are_those_of_all(staff: Browser, client_of_acme: Client, of: str) -> None:
    unsubscribe(client_of_acme)
    response = staff.get(f"/admin/emails/consent/?of={of}")
    assert (response.status_code, len(response.context["cl"].result_list)) == (200, 1)


def stopped(organization: Organization, address: str = "ada@example.org") -> Suppression:
    with organization_scope(organization.pk):
        suppress(organization.pk, address, reason=Suppression.Reason.BOUNCED, detail="550", at=NOW)
        return Suppression.objects.get(address=address)


def lift(browser: Browser, *rows: Suppression) -> Any:
    return browser.post(STOPPED, {"action": "lift_chosen", "_selected_action": [row.pk for row in rows]})


def test_an_owner_lifts_a_stop_and_that_is_audited(organization: Organization) -> None:
    row = stopped(organization)
    owner = signed_in(organization, Membership.Role.OWNER)
    for _ in range(2):
        lift(owner, row)
    with all_organizations():
        row.refresh_from_db()
    assert row.lifted_at == NOW
    assert row.lifted_by is not None
    assert [entry for entry in audited() if entry[0] == "address.lifted"] == [
        ("address.lifted", {"reason": ["bounced", None]})
    ]


def test_staff_and_other_owners_lift_nothing(organization: Organization, outsider: Organization) -> None:
    row = stopped(organization)
    for browser in (
        signed_in(organization, Membership.Role.STAFF),
        signed_in(outsider, Membership.Role.OWNER),
    ):
        lift(browser, row)
    with all_organizations():
        row.refresh_from_db()
    assert row.lifted_at is None


def test_staff_stop_an_address_once_in_any_case(staff: Browser, organization: Organization) -> None:
    for address in (" Ada@example.org", "ada@EXAMPLE.org"):
        assert staff.post(f"{STOPPED}add/", {"address": address, "detail": "Asked us to"}).status_code == 302
    with all_organizations():
        rows = Suppression.objects.values_list("organization", "address", "reason", "detail")
        assert list(rows) == [(organization.pk, "Ada@example.org", "by_hand", "Asked us to")]
    assert [action for action, _ in audited()].count("address.stopped") == 1


@pytest.mark.parametrize("address", ["", "ada", "a@x.org, b@y.org", "a@x\n.org", "\0", "x" * 321, "🙂@example.org"])
def test_what_is_not_one_address_is_not_stopped(staff: Browser, address: str) -> None:
    response = staff.post(f"{STOPPED}add/", {"address": address, "detail": ""})
    assert (response.status_code, list(problems(response))) == (200, ["address"])


def test_an_operator_chooses_the_organization(organization: Organization, outsider: Organization) -> None:
    operator = sign_in(Browser(), UserFactory.create(is_staff=True, is_superuser=True))
    client = ClientFactory.create(organization=organization)
    operator.post(ADD, said(client, at_1="12:00:00"))
    operator.post(f"{STOPPED}add/", {"organization": outsider.pk, "address": "eve@example.org", "detail": ""})
    with all_organizations():
        assert Suppression.objects.get().organization == outsider
        assert preferences_of(client)[Category.WEEKLY] is not None
