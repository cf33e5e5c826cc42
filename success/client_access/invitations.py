"""Invitations of clients: a link by mail that lets them choose a password and signs them in."""

import secrets
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse

from accounts.api_keys import digest
from accounts.audit import record_audit
from accounts.logins import belongs_to, client_login
from accounts.models import Client, Invitation, Organization, User
from accounts.tenancy import all_organizations, organization_scope
from emails.addresses import validate_one_address
from emails.kinds import CLIENT_INVITATION
from success.client_access.mails import queue_access_mail
from telemetry.tracking import track_event

LIFETIME = timedelta(days=7)


class UnableToInviteError(Exception):
    """This client cannot be invited."""


class NoAddressError(UnableToInviteError):
    """There is no address, or it is none."""


class NotTheirLoginError(UnableToInviteError):
    """The login is somebody's elsewhere too: only they themselves may get a new password for it."""


class ClosedError(UnableToInviteError):
    """The client or its organization is not open: the link would lead nowhere."""


class InvitationUsedError(Exception):
    """The invitation was accepted, replaced or has expired, perhaps a moment ago."""


def invite_client(client: Client, *, actor: User, at: datetime) -> Invitation:
    """Make the login if there is none, replace open invitations and queue the mail, in one transaction.

    Raises UnableToInviteError. Two at once come one after the other: the later one's link works.
    """
    with organization_scope(client.organization_id):
        # Locked, so that of two at once the later one sees what the earlier one left.
        Client.objects.select_for_update().get(pk=client.pk)
        client = Client.objects.select_related("organization", "user").get(pk=client.pk)
        _refuse(client)
        user = client_login(client, actor=actor)
        _open(client).update(replaced_at=at)
        token = secrets.token_urlsafe(32)
        invitation = Invitation.objects.create(
            organization=client.organization,
            client=client,
            email=client.email,
            digest=digest(token),
            invited_by=actor,
            sent_at=at,
            expires_at=at + LIFETIME,
        )
        queue_access_mail(
            CLIENT_INVITATION,
            key=str(invitation.pk),
            to_address=invitation.email,
            organization=client.organization,
            client=client,
            language=client.language,
            path=reverse("client-invitation", args=[token]),
            context={"username": user.get_username(), "days": LIFETIME.days},
            queued_at=at,
        )
        _note("invite_sent", invitation, actor=actor)
    return invitation


def open_invitation(token: str, *, at: datetime) -> Invitation | None:
    """With client, organization and login; None for a link that does not work any more, whatever the reason."""
    with all_organizations():
        invitation = (
            Invitation.objects.select_related("client__organization", "client__user")
            .filter(
                digest=digest(token),
                accepted_at=None,
                replaced_at=None,
                expires_at__gt=at,
                client__merged_into=None,
                client__user__is_active=True,
                client__organization__status=Organization.Status.ACTIVE,
            )
            .exclude(client__status=Client.Status.ARCHIVED)
            .first()
        )
    if invitation is None or not belongs_to(login_of(invitation), invitation.organization_id):
        return None
    return invitation


def accept_invitation(invitation: Invitation, *, password: str, at: datetime) -> User:
    """Set the password and make the invitation's address that of the login. Raises InvitationUsedError."""
    user = login_of(invitation)
    with organization_scope(invitation.organization_id):
        still_open = _open(invitation.client).filter(pk=invitation.pk, expires_at__gt=at)
        if not still_open.update(accepted_at=at):
            raise InvitationUsedError
        user.set_password(password)
        user.email = invitation.email
        user.save(update_fields=["password", "email"])
        _note("invite_accepted", invitation, actor=user)
    return user


def login_of(invitation: Invitation) -> User:
    user = invitation.client.user
    if user is None:
        raise InvitationUsedError
    return user


def _refuse(client: Client) -> None:
    is_open = client.merged_into_id is None and client.status != Client.Status.ARCHIVED
    if not is_open or client.organization.status != Organization.Status.ACTIVE:
        raise ClosedError
    try:
        validate_one_address(client.email)
    except ValidationError:
        raise NoAddressError from None
    if client.user and not (client.user.is_active and belongs_to(client.user, client.organization_id)):
        raise NotTheirLoginError


def _open(client: Client) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        organization=client.organization_id, client=client, accepted_at=None, replaced_at=None
    )


def _note(name: str, invitation: Invitation, *, actor: User) -> None:
    """In the audit log, and as an operational event for the metrics."""
    organization = invitation.client.organization
    record_audit(f"client.{name}", subject=invitation.client, organization=organization, actor=actor)
    track_event(
        invitation.client,
        name,
        organization=organization,
        data={"invitation": invitation.pk},
        message_id=f"{name}-{invitation.pk}",
    )
