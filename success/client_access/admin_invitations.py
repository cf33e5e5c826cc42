"""Inviting from the clients' admin pages, with words for what became of it."""

from collections import Counter
from collections.abc import Iterable

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Client
from success.client_access.invitations import (
    ClosedError,
    NoAddressError,
    NotTheirLoginError,
    UnableToInviteError,
    invite_client,
)

# Each is a login and a mail: more are for a job, not for a request.
MOST_AT_ONCE = 500


def reason(error: UnableToInviteError) -> str:
    return {
        NoAddressError: _("There is no email address that could be written to: enter one and save."),
        NotTheirLoginError: _("This login is used elsewhere too: the person can have a new password sent to them."),
        ClosedError: _("The client or the organization is not active."),
    }[type(error)]


def invite_one(request: HttpRequest, client: Client) -> str:
    """What to say. Raises UnableToInviteError."""
    invitation = invite_client(client, actor=request.user, at=timezone.now())  # type: ignore[arg-type]
    return _("Invitation on its way to %(address)s. Links of former invitations no longer work.") % {
        "address": invitation.email
    }


def invite_many(request: HttpRequest, clients: Iterable[Client]) -> str:
    """Invites whom it can; what to say of all."""
    outcomes = Counter(_outcome(request, client) for client in clients)
    text = ngettext("%(count)d client invited.", "%(count)d clients invited.", outcomes[None])
    skipped = [f"{count}: {reason(error())}" for error, count in outcomes.items() if error is not None]
    return " ".join([text % {"count": outcomes[None]}, *([_("Skipped"), *skipped] if skipped else [])])


def _outcome(request: HttpRequest, client: Client) -> type[UnableToInviteError] | None:
    try:
        invite_client(client, actor=request.user, at=timezone.now())  # type: ignore[arg-type]
    except UnableToInviteError as error:
        return type(error)
    return None
