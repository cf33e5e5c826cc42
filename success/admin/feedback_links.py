"""Handing out a link for feedback on a client's page."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.admin.shown_once import show_once
from accounts.audit import record_audit
from accounts.models import Client
from accounts.tenancy import organization_scope
from success.feedback.asking import NEW_CLIENT_DAYS, PAUSE_DAYS, due_feedback
from success.feedback.links import LINK_DAYS, feedback_link


class NotDueError(Exception):
    """The client is too new, or was asked, answered or declined not long ago."""


def not_due_text() -> str:
    return _(
        "Not asked: clients are asked from %(age)d days on, and not again within %(pause)d days of having been asked,"
        " answered or declined."
    ) % {"age": NEW_CLIENT_DAYS, "pause": PAUSE_DAYS}


def hand_out_link(request: HttpRequest, client: Client) -> str:
    """The path of a link for what is due. Raises NotDueError."""
    now = timezone.now()
    with organization_scope(client.organization_id):
        kind = due_feedback(client, as_of=now)
        if kind is None:
            raise NotDueError
        path = feedback_link(client, kind, at=now)
        record_audit(
            "client.feedback_asked",
            subject=client,
            organization=client.organization,
            actor=request.user,  # type: ignore[arg-type]
            changes={"kind": str(kind)},
        )
    return path


def show_link(request: HttpRequest, client: Client, path: str) -> HttpResponse:
    return show_once(
        request,
        title=_("Feedback link for %(client)s") % {"client": client},
        value=request.build_absolute_uri(path),
        explanation=_(
            "Send it to this client alone: whoever has it answers for them, once, in the next %(days)d days. It is not"
            " shown again."
        )
        % {"days": LINK_DAYS},
        next_url=reverse("admin:accounts_client_change", args=[client.pk]),
    )
