"""A provider's webhook that is quicker than the end of a doubt."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from emails.models import Contact, MailActivity, OutboxEmail
from tests.emails.outgoing import NOW, queue, rows, run_outbox

SECOND = timedelta(seconds=1)
LATER = timedelta(minutes=2)


@pytest.fixture
def in_doubt(organization: Organization, client_of_acme: Client) -> OutboxEmail:
    """Its call began at NOW, and nobody knows what came of it."""
    with all_organizations():
        contact = Contact.objects.create(
            organization=organization, client=client_of_acme, channel="email", kind="weekly-success", key="1",
            category="weekly", priority=40, is_budgeted=True, decided_at=NOW, due_at=NOW, status="uncertain",
        )  # fmt: skip
    email = queue(organization_id=organization.pk, client_id=client_of_acme.pk, contact_id=contact.pk)
    with all_organizations():
        OutboxEmail.objects.filter(pk=email.pk).update(status="uncertain", error="lost", doubtful_since=NOW)
    return email


def tell(email: OutboxEmail, **facts: Any) -> None:
    told: dict[str, Any] = {"kind": "delivered", "source": "provider", "at": NOW + 2 * SECOND, "event_key": "1"}
    with all_organizations():
        MailActivity.objects.create(**{"organization_id": email.organization_id, "email": email} | told | facts)


def contact_state() -> Any:
    with all_organizations():
        return Contact.objects.values_list("status", "settled_at").get()


@pytest.mark.parametrize("kind", ["delivered", "bounced", "opened"])
def test_what_the_provider_told_during_the_call_ends_the_doubt(in_doubt: OutboxEmail, kind: str) -> None:
    tell(in_doubt, kind=kind)
    run_outbox(after=LATER)
    at = NOW + LATER
    assert (rows("status", "error", "sent_at"), contact_state()) == ([("sent", "", at)], ("sent", at))


@pytest.mark.parametrize(
    "told",
    [{"kind": "rejected"}, {"source": "own", "kind": "opened"}, {"at": NOW - 61 * SECOND}],
    ids=["it was refused", "a scanner of ours", "of an earlier call"],
)
def test_what_does_not_say_so_leaves_it(in_doubt: OutboxEmail, told: dict[str, Any]) -> None:
    tell(in_doubt, **told)
    run_outbox(after=LATER)
    assert (rows("status", "error"), contact_state()) == ([("uncertain", "lost")], ("uncertain", None))


def test_what_was_told_of_another_mail_leaves_it(in_doubt: OutboxEmail, organization: Organization) -> None:
    tell(queue(key="other", organization_id=organization.pk, due_at=NOW + timedelta(days=1)))
    run_outbox(after=LATER)
    assert rows("key", "status") == [("1", "uncertain"), ("other", "pending")]
