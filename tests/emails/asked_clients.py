"""Clients that were asked for their consent, and decisions about them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from accounts.models import Client, Organization
from emails.contacts.deciding import Decided, decide_contacts
from emails.contacts.policies import create_policy
from emails.kinds import WEEKLY_SUCCESS
from emails.models import Contact, MailPreference, OutboxEmail, Suppression
from emails.outbox import Mail, queue_mails
from tests.factories import ClientFactory

MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)


def add_client(
    organization: Organization,
    *,
    categories: Sequence[str] = ("weekly",),
    frequency: str | None = "weekly",
    is_asked: bool = True,
    is_stopped: bool = False,
    weekly_cap: int | None = None,
    **values: Any,
) -> Client:
    """One who agreed to the categories; unsubscribed with `frequency` None. Needs the scope."""
    client: Client = ClientFactory.create(organization=organization, **values)
    if "email" not in values:
        client.email = f"client.{client.pk}@example.org"
        client.save(update_fields=["email"])
    for category in categories if is_asked else ():
        MailPreference.objects.create(
            organization=organization, client=client, category=category, is_agreed=frequency is not None,
            frequency=frequency or "weekly", source="preferences", changed_at=MONDAY,
        )  # fmt: skip
    if is_stopped:
        Suppression.objects.create(
            organization=organization, address=client.email.swapcase(), reason="complained", at=MONDAY
        )
    if weekly_cap:
        create_policy(organization, created_by=None, weekly_cap=weekly_cap)
    return client


def decide(organization: Organization, **values: Any) -> Decided:
    given: dict[str, Any] = {"kind": WEEKLY_SUCCESS, "key": "k", "as_of": MONDAY}
    return decide_contacts(organization.pk, **given | values)


def queue(decided: Decided, **values: Any) -> list[OutboxEmail]:
    """The mails of what was decided, waiting in the outbox."""
    contacts = Contact.objects.filter(pk__in=[one.contact_id for one in decided.allowed])
    queue_mails([_mail(contact, **values) for contact in contacts.select_related("client")])
    return list(OutboxEmail.objects.filter(contact__in=contacts).order_by("pk"))


def _mail(contact: Contact, **values: Any) -> Mail:
    given: dict[str, Any] = {
        "organization_id": contact.organization_id,
        "kind": contact.kind,
        "key": contact.key,
        "to_address": contact.client.email,
        "subject": "Hello",
        "text": "Hello.",
        "client_id": contact.client_id,
        "contact_id": contact.pk,
        "category": contact.category,
        "due_at": contact.due_at,
        "queued_at": MONDAY,
    }
    return Mail(**given | values)


def ledger() -> list[tuple[Any, ...]]:
    return list(Contact.objects.order_by("pk").values_list("client_id", "status", "reason", "due_at"))
