from collections import Counter
from datetime import UTC, date, datetime, time

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from emails.categories import Category
from emails.consent import record_consent
from emails.models import Consent, MailPreference, Suppression
from emails.models.preferences import Source
from success.demo.cast import DEMO_ORGANIZATIONS, HARBOUR, clients_of
from success.demo.consent import record_demo_consent

ANCHOR = date(2026, 11, 21)
NOW = datetime.combine(ANCHOR, time(12), UTC)


def seeded(organization: Organization) -> None:
    people = clients_of(HARBOUR, anchor=ANCHOR)
    known = set(Client.objects.values_list("external_id", flat=True))
    for person in people:
        if person.external_id not in known:
            Client.objects.create(organization=organization, external_id=person.external_id, email=person.email)
    record_demo_consent(organization, people, anchor=ANCHOR)


def test_the_demo_has_somebody_for_each_reason(organization: Organization, outsider: Organization) -> None:
    with organization_scope(organization.pk):
        seeded(organization)
        weekly = MailPreference.objects.filter(category=Category.WEEKLY)
        assert Counter(weekly.values_list("is_agreed", "source", "frequency")) == {
            (True, "import", "weekly"): 19,
            (True, "import", "fortnightly"): 1,
            (False, "one_click", "weekly"): 1,
        }
        assert Client.objects.count() == 24
        assert Suppression.objects.values_list("reason", "address").get() == ("bounced", "elif.aydin@example.com")


def test_seeding_again_leaves_what_was_changed_since(organization: Organization) -> None:
    with organization_scope(organization.pk):
        seeded(organization)
        client = Client.objects.get(external_id="hf-101")
        record_consent(client, category=Category.WEEKLY, is_given=False, source=Source.STAFF, at=NOW)
        before = Consent.objects.count()
        seeded(organization)
        assert (Consent.objects.count(), Suppression.objects.count()) == (before, 1)


def test_everybody_agreed_before_the_day_of_the_seed() -> None:
    for demo in DEMO_ORGANIZATIONS:
        assert all(person.signed_up_on < ANCHOR for person in clients_of(demo, anchor=ANCHOR))
