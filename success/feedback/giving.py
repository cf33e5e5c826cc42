"""An answer, recorded once."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Client
from success.feedback.asking import due_feedback, hold_client
from success.models import Feedback, FeedbackRequest
from telemetry.tracking import track_feedback_given

LONGEST_COMMENT = 2_000
SCALES = {Feedback.Kind.NPS: range(11), Feedback.Kind.CSAT: range(1, 6)}
# Through these a client answers; the others enter what was said elsewhere, whenever that was.
ASKED = frozenset({Feedback.Channel.DASHBOARD, Feedback.Channel.LINK})


class TooEarlyForFeedbackError(Exception):
    """The client was not asked: too new, asked or answered within 90 days, or the link was used."""


def give_feedback(
    client: Client, *, kind: Feedback.Kind, rating: int, comment: str, channel: Feedback.Channel, at: datetime
) -> Feedback:
    """Record an answer, close the requests that it answers, and track feedback_given after commit.

    Through the dashboard it has to be due or asked for by a link that is open, through a link the link has to be
    open: else TooEarlyForFeedbackError, also for the second of two answers at once. Other channels have no limit.
    Raises ValidationError for rating and comment. Needs the organization's scope.
    """
    rating, comment = checked_rating(kind, rating), checked_comment(comment)
    with transaction.atomic():
        if channel in ASKED:
            hold_client(client)
            if not _may_answer(client, kind, channel=channel, at=at):
                raise TooEarlyForFeedbackError
        feedback = Feedback.objects.create(
            organization_id=client.organization_id,
            client=client,
            kind=kind,
            rating=rating,
            comment=comment,
            channel=channel,
            given_at=at,
        )
        open_requests(client, kind, as_of=at).update(answered_at=at)
    track_feedback_given(
        client,
        data={"kind": str(kind), "rating": rating, "channel": str(channel)},
        occurred_at=at,
        message_id=f"feedback-{feedback.pk}",
    )
    return feedback


def open_requests(client: Client, kind: Feedback.Kind, *, as_of: datetime) -> QuerySet[FeedbackRequest]:
    """Handed out, not answered, not expired. Having declined on the dashboard does not take a link away."""
    return FeedbackRequest.objects.filter(
        organization=client.organization_id,
        client=client,
        kind=kind,
        channel=Feedback.Channel.LINK,
        answered_at=None,
        asked_at__lte=as_of,
        expires_at__gt=as_of,
    )


def checked_rating(kind: Feedback.Kind, rating: int) -> int:
    """Raises ValidationError for a rating that is not on the scale."""
    scale = SCALES[Feedback.Kind(kind)]
    if isinstance(rating, bool) or not isinstance(rating, int) or rating not in scale:
        said = _("Choose a number from %(first)d to %(last)d.") % {"first": scale[0], "last": scale[-1]}
        raise ValidationError({"rating": ValidationError(said, code="not_on_scale")})
    return rating


def checked_comment(comment: str) -> str:
    """With single newlines and no spaces around it. Raises ValidationError for what is too long or holds NUL."""
    comment = comment.replace("\r\n", "\n").strip()
    if "\0" in comment:
        raise ValidationError({"comment": ValidationError(_("A comment cannot hold the character NUL."), code="nul")})
    if len(comment) > LONGEST_COMMENT:
        said = _("The comment has %(length)d characters; up to %(most)d can be kept.")
        said %= {"length": len(comment), "most": LONGEST_COMMENT}
        raise ValidationError({"comment": ValidationError(said, code="too_long")})
    return comment


def _may_answer(client: Client, kind: Feedback.Kind, *, channel: Feedback.Channel, at: datetime) -> bool:
    if open_requests(client, kind, as_of=at).exists():
        return True
    return channel == Feedback.Channel.DASHBOARD and due_feedback(client, as_of=at) == kind
