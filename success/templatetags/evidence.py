"""For receipts in the admin: the sentences that answer why, and where what was counted is listed."""

from django import template

from success import answers
from success.differences import ScoreDifference
from success.evidence.admin_links import evidence_address
from success.models import Score
from success.receipts import Receipt

register = template.Library()


@register.filter
def why_it_is(receipt: Receipt) -> str:
    return answers.why_it_is(receipt)


@register.filter
def why_it_changed(difference: ScoreDifference) -> str:
    return answers.why_it_changed(difference)


@register.filter
def counted_at(score: Score, part: str) -> str:
    """The admin's list of what a part counted."""
    return evidence_address(score, part)
