"""Random people for the oracle, and the same ones in the database."""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import Client, Organization
from emails.categories import Category
from emails.contacts.deciding import AllowedContact
from emails.contacts.settling import refuse_contacts
from emails.models import Contact, MailPreference, OutboxEmail, Suppression
from emails.outbox import Mail, queue_mails
from tests.emails.contact_oracle import Message, Person

# As stored, and as understood: of a timezone that was dropped the organization's is taken.
ZONES = {
    "": "Europe/Berlin",
    "Asia/Tokyo": "Asia/Tokyo",
    "America/Los_Angeles": "America/Los_Angeles",
    "Pacific/Auckland": "Pacific/Auckland",
    "Antarctica/Troll": "Antarctica/Troll",
    "Africa/Cairo": "Africa/Cairo",
    "Nowhere/Land": "Europe/Berlin",
}
BAD_ADDRESSES = ["a@x.org, b@y.org", "a@x", "a b@x.org", " a@x.org", "a@x.org\n", '"a"@x.org']
FREQUENCIES = ["weekly", "weekly", "fortnightly", "monthly", None]
OUTCOMES = ["sent", "sent", "sent", "failed", "uncertain", "claimed", "pending", "pending", "refused"]


class World:
    def __init__(self, organization: Organization, dice: random.Random, *, people: int) -> None:
        self.organization, self.dice = organization, dice
        self.people: dict[int, Person] = {}
        for number in range(people):
            self._add(number)

    def _add(self, number: int) -> None:
        dice = self.dice
        zone = dice.choice(list(ZONES))
        good = [f"{number}@example.org"] * 12 + [f"{number}@bücher.example"]
        email = dice.choice([*good, "", dice.choice(BAD_ADDRESSES)])
        person = Person(
            timezone=ZONES[zone],
            is_here=dice.random() < 0.95,
            has_address=email != "",
            has_valid_address=email not in BAD_ADDRESSES,
            is_stopped=email != "" and dice.random() < 0.05,
            consents={name: dice.choice(FREQUENCIES) for name in Category.values if dice.random() < 0.9},
        )
        client = Client.objects.create(
            organization=self.organization,
            external_id=str(number),
            email=email,
            status="active" if person.is_here else dice.choice(["paused", "archived"]),
        )
        self.people[client.pk] = person
        self._store(client, person, zone=zone)

    def _store(self, client: Client, person: Person, *, zone: str) -> None:
        of_client: dict[str, Any] = {"organization": self.organization, "client": client, "source": "api"}
        for category, frequency in person.consents.items():
            MailPreference.objects.create(
                **of_client,
                category=category,
                is_agreed=frequency is not None,
                frequency=frequency or "weekly",
                changed_at=client.created_at,
            )
        if person.is_stopped:
            Suppression.objects.create(
                organization=self.organization, address=client.email.upper(), reason="bounced", at=client.created_at
            )
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_client SET timezone = %s WHERE id = %s", [zone, client.pk])

    def queue(self, allowed: Sequence[AllowedContact], *, as_of: datetime) -> None:
        """Mails for most of them: some messages are none, or not written yet."""
        queue_mails(
            [
                Mail(
                    organization_id=self.organization.pk, kind=contact.kind, key=contact.key, to_address=one.to_address,
                    subject="Hello", text="Hello.", client_id=one.client_id, contact_id=one.contact_id,
                    category=contact.category, due_at=one.due_at, queued_at=as_of,
                )
                for one in allowed
                if self.dice.random() < 0.8
                for contact in [Contact.objects.get(pk=one.contact_id)]
            ]
        )  # fmt: skip

    def live(self, *, at: datetime) -> None:
        """Some of what was planned goes its way, for the oracle and in the tables."""
        for contact in Contact.objects.filter(status="planned").order_by("pk"):
            if self.dice.random() < 0.5:
                self._settle(contact, self.dice.choice(OUTCOMES), at=at)

    def _settle(self, contact: Contact, outcome: str, *, at: datetime) -> None:
        message = self._message_of(contact)
        mail = OutboxEmail.objects.filter(contact=contact)
        if outcome == "refused":
            if not mail.exists():
                refuse_contacts([contact.pk], reason=Contact.Reason.NOTHING_TO_TELL, at=at)
                message.status, message.reason, message.due_at = "skipped", "nothing_to_tell", contact.due_at
            return
        if not mail.update(status=outcome):
            return
        message.is_held = outcome != "pending"
        if outcome in {"sent", "failed", "uncertain"}:
            message.status = outcome
            Contact.objects.filter(pk=contact.pk).update(status=outcome, settled_at=at)

    def _message_of(self, contact: Contact) -> Message:
        ledger = self.people[contact.client_id].ledger
        return next(message for message in ledger if (message.kind, message.key) == (contact.kind, contact.key))

    def ledger(self) -> list[tuple[Any, ...]]:
        fields = ("client_id", "kind", "key", "category", "priority", "status", "reason", "due_at")
        return sorted(Contact.objects.values_list(*fields), key=str)

    def expected_ledger(self) -> list[tuple[Any, ...]]:
        return sorted(
            (
                (client, m.kind, m.key, m.category, m.priority, m.status, m.reason, m.due_at)
                for client, person in self.people.items()
                for m in person.ledger
            ),
            key=str,
        )
