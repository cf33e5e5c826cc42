"""The question in the weekly mail: one click on a number leads to the page where it is sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from success.feedback import question
from success.models import Feedback

# The address of the page for answering, with a number chosen already or none.
Link = Callable[[int | None], str]


@dataclass(frozen=True, slots=True)
class Rating:
    value: str
    link: str


@dataclass(frozen=True, slots=True)
class Question:
    """`low` and `high` say what the first and the last of the ratings mean."""

    text: str
    low: str
    high: str
    ratings: Sequence[Rating]
    link: str

    @property
    def first(self) -> str:
        return self.ratings[0].value

    @property
    def last(self) -> str:
        return self.ratings[-1].value


def question_of(kind: Feedback.Kind, *, organization_name: str, link: Link) -> Question:
    """In the active language."""
    asked = question.Question(kind, organization_name, action="")
    return Question(
        text=asked.text,
        low=asked.low,
        high=asked.high,
        ratings=[Rating(str(choice.value), link(choice.value)) for choice in asked.choices],
        link=link(None),
    )
