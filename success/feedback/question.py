"""A question as a form: what it says, what was filled in, what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Client
from success.feedback.asking import due_feedback
from success.feedback.giving import LONGEST_COMMENT, SCALES, checked_comment, checked_rating
from success.models import Feedback


@dataclass(frozen=True)
class Choice:
    value: int
    is_chosen: bool


@dataclass(frozen=True)
class Question:
    """`is_inside` is a page for those signed in: the form goes with a CSRF token, by htmx where there is one."""

    kind: Feedback.Kind
    organization: str
    action: str
    is_inside: bool = False
    rating: int | None = None
    comment: str = ""
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)

    longest_comment = LONGEST_COMMENT

    @property
    def text(self) -> str:
        if self.kind == Feedback.Kind.NPS:
            return _("How likely are you to recommend %(name)s to a friend or colleague?") % {"name": self.organization}
        return _("How satisfied are you with %(name)s?") % {"name": self.organization}

    @property
    def low(self) -> str:
        return _("not at all likely") if self.kind == Feedback.Kind.NPS else _("very dissatisfied")

    @property
    def high(self) -> str:
        return _("extremely likely") if self.kind == Feedback.Kind.NPS else _("very satisfied")

    @property
    def choices(self) -> list[Choice]:
        return [Choice(value, value == self.rating) for value in SCALES[self.kind]]

    @property
    def last(self) -> int:
        return SCALES[self.kind][-1]


@dataclass(frozen=True)
class Answer:
    rating: int
    comment: str


def question_for(client: Client, *, as_of: datetime) -> Question | None:
    """What to ask the client on their own pages, if anything."""
    kind = due_feedback(client, as_of=as_of)
    return inside_question(client, kind) if kind else None


def inside_question(client: Client, kind: Feedback.Kind, **filled_in: Any) -> Question:
    action = reverse("client-feedback")
    return Question(kind, client.organization.name, action=action, is_inside=True, **filled_in)


def read_answer(kind: Feedback.Kind, posted: Mapping[str, str]) -> Answer:
    """What was sent. Raises ValidationError with all that is wrong, by field."""
    problems: dict[str, list[ValidationError]] = {}
    rating, comment = -1, ""
    try:
        rating = checked_rating(kind, read_number(posted.get("rating", "")))
    except ValidationError as error:
        problems |= error.error_dict
    try:
        comment = checked_comment(posted.get("comment", ""))
    except ValidationError as error:
        problems |= error.error_dict
    if problems:
        raise ValidationError(problems)
    return Answer(rating, comment)


def read_number(text: str) -> int:
    """-1, which is on no scale, for what is no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else -1
