"""Links that let a client answer without signing in.

The token is the permission: it names organization and request, signed, and nothing of it can be guessed or changed.
What it may do is answer that one request once, within 30 days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.urls import reverse

from accounts.models import Client, Organization
from success.feedback.giving import SCALES
from success.models import Feedback, FeedbackRequest

SALT = "success.feedback.link"
LINK_DAYS = 30


class UnknownLinkError(LookupError):
    """No such link was ever handed out, or what it is about is gone."""


@dataclass(frozen=True)
class FeedbackLink:
    organization_id: int
    request_id: int
    rating: int | None


def feedback_link(client: Client, kind: Feedback.Kind, *, at: datetime, rating: int | None = None) -> str:
    """Ask the client: the path of a page to answer on, with `rating` chosen already.

    The links of one asking, one for each rating, are those with the same `at`: they share a request. Whether the
    client may be asked is `due_feedback`'s to say. Needs the organization's scope.
    """
    asking = {
        "organization_id": client.organization_id,
        "client": client,
        "kind": kind,
        "channel": Feedback.Channel.LINK,
        "asked_at": at,
    }
    # Not get_or_create: two clients that were asked together may have turned out to be one.
    request = FeedbackRequest.objects.filter(**asking).first() or FeedbackRequest.objects.create(
        **asking, expires_at=at + timedelta(days=LINK_DAYS)
    )
    return link_of(request, rating=rating)


def ask_clients(
    organization_id: int, kinds: Mapping[int, Feedback.Kind], *, at: datetime
) -> dict[int, FeedbackRequest]:
    """Ask each of these clients, by id, for what `due_feedback_of` said: one statement; hand out `link_of` each."""
    asked = FeedbackRequest.objects.bulk_create(
        FeedbackRequest(
            organization_id=organization_id,
            client_id=client_id,
            kind=kind,
            channel=Feedback.Channel.LINK,
            asked_at=at,
            expires_at=at + timedelta(days=LINK_DAYS),
        )
        for client_id, kind in kinds.items()
    )
    return {request.client_id: request for request in asked}


def link_of(request: FeedbackRequest, *, rating: int | None = None) -> str:
    token = signing.dumps([request.organization_id, request.pk, rating], salt=SALT)
    return reverse("feedback-link", kwargs={"token": token})


def read_link(token: str) -> FeedbackLink:
    """Raises UnknownLinkError. Tells nothing of whether the request can still be answered."""
    try:
        organization_id, request_id, rating = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError):
        raise UnknownLinkError from None
    return FeedbackLink(organization_id, request_id, rating)


def request_of(link: FeedbackLink) -> FeedbackRequest:
    """Needs the organization's scope. Raises UnknownLinkError also where organization or client are closed."""
    request = (
        FeedbackRequest.objects.select_related("client__organization")
        .filter(organization=link.organization_id, pk=link.request_id, channel=Feedback.Channel.LINK)
        .filter(client__organization__status=Organization.Status.ACTIVE)
        .exclude(client__status=Client.Status.ARCHIVED)
        .first()
    )
    if request is None:
        raise UnknownLinkError
    return request


def answer_of(request: FeedbackRequest) -> Feedback | None:
    """What the request was answered with, on whichever page."""
    if request.answered_at is None:
        return None
    return Feedback.objects.filter(
        organization=request.organization_id,
        client=request.client_id,
        kind=request.kind,
        given_at=request.answered_at,
    ).first()


def offered_rating(link: FeedbackLink, kind: Feedback.Kind) -> int | None:
    return link.rating if link.rating in SCALES[kind] else None
