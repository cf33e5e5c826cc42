"""Forgotten passwords: a link by mail to the login's own address, and an answer that tells nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.logins import password_link
from accounts.models import Client, Organization, User
from accounts.permissions import client_of, seat_of
from accounts.tenancy import all_organizations
from emails.addresses import is_one_address
from emails.kinds import PASSWORD_LINK
from success.client_access.mails import queue_access_mail

# One mail a login in this time, however often it is asked for.
SLOT = timedelta(minutes=10)
# One address may be that of several logins, as in a family or a small office.
MOST_LOGINS = 5
NOBODY = "nobody@example.invalid"


@dataclass(frozen=True)
class Recipient:
    user: User
    organization: Organization
    client: Client | None
    language: str


def send_password_links(identifier: str, *, language: str, at: datetime) -> int:
    """Queue a link for every login of this user name or address; how many there were, which is to be told to nobody.

    For clients and members whose login has an address: the login's own, which only an accepted invitation or an
    operator changes, never the client's, which follows what applications send. Operators use the command line.
    For an unknown name the same is done and undone, so that the time tells nothing either.
    """
    recipients = _recipients(identifier, language=language)
    for recipient in recipients:
        _queue(recipient, to_address=recipient.user.email, at=at)
    if not recipients:
        _queue_for_nobody(identifier, language=language, at=at)
    return len(recipients)


def _recipients(identifier: str, *, language: str) -> list[Recipient]:
    users = User.objects.filter(
        Q(username__iexact=identifier) | Q(email__iexact=identifier), is_active=True, is_superuser=False
    ).exclude(email="")
    # An address may have been written before addresses were held to what mail can reach.
    reachable = [user for user in users.order_by("pk")[:MOST_LOGINS] if is_one_address(user.email)]
    found = [_recipient(user, language=language) for user in reachable]
    return [recipient for recipient in found if recipient]


def _recipient(user: User, *, language: str) -> Recipient | None:
    if client := client_of(user):
        return Recipient(user, client.organization, client, client.language or language)
    if seat := seat_of(user):
        with all_organizations():
            return Recipient(user, Organization.objects.get(pk=seat.organization_id), None, language)
    return None


def _queue(recipient: Recipient, *, to_address: str, at: datetime) -> None:
    slot = int(at.timestamp() // SLOT.total_seconds())
    queue_access_mail(
        PASSWORD_LINK,
        key=f"{recipient.user.pk}:{slot}",
        to_address=to_address,
        organization=recipient.organization,
        client=recipient.client,
        language=recipient.language,
        path=password_link(recipient.user),
        context={"username": recipient.user.get_username()},
        queued_at=at,
    )


def _queue_for_nobody(identifier: str, *, language: str, at: datetime) -> None:
    # One look at a client and its organization stands for that at the ones that would be theirs.
    with all_organizations():
        client = Client.objects.select_related("organization").order_by("pk").first()
        organization = client.organization if client else Organization.objects.order_by("pk").first()
    if organization is None:
        return
    user = User(pk=0, username=identifier, password="!")  # noqa: S106 - unusable
    with transaction.atomic():
        _queue(Recipient(user, organization, client, language), to_address=NOBODY, at=at)
        transaction.set_rollback(True)
