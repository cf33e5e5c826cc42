"""Every kind of message that goes to a client, what it asks consent for, and what it gives way to.

Of messages that compete for a client's week the higher priority takes the place of a lower one that still waits;
among equals the first to come stays. Account mail was asked for by the one who gets it: it needs no consent, counts
against no budget, knows no quiet hours and goes before everything else.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from emails.categories import Category

ACCOUNT = 90
# Somebody at risk is told of help rather than of numbers, and of numbers rather than asked a question.
AT_RISK = 60
REGULAR = 40
QUESTION = 20


@dataclass(frozen=True, slots=True)
class MailKind:
    """`category` is empty where no consent is needed."""

    name: str
    title: str | Promise
    category: Category | str
    priority: int
    is_budgeted: bool


CLIENT_INVITATION = MailKind("client_invitation", _("Invitation"), "", ACCOUNT, is_budgeted=False)
PASSWORD_LINK = MailKind("password_link", _("Forgotten password"), "", ACCOUNT, is_budgeted=False)
INTERVENTION = MailKind("intervention", _("Offer of help"), Category.REMINDERS, AT_RISK, is_budgeted=True)
INACTIVITY_NUDGE = MailKind(
    "inactivity-nudge", _("Reminder after silence"), Category.REMINDERS, AT_RISK, is_budgeted=True
)
WEEKLY_SUCCESS = MailKind("weekly-success", _("Weekly summary"), Category.WEEKLY, REGULAR, is_budgeted=True)
FEEDBACK_REQUEST = MailKind(
    "feedback-request", _("Question about the experience"), Category.FEEDBACK, QUESTION, is_budgeted=True
)

KINDS: Mapping[str, MailKind] = {
    kind.name: kind
    for kind in (CLIENT_INVITATION, PASSWORD_LINK, INTERVENTION, INACTIVITY_NUDGE, WEEKLY_SUCCESS, FEEDBACK_REQUEST)
}


def title_of(name: str) -> str:
    """In the reader's language; the name itself of a kind that is known no more."""
    return str(KINDS[name].title) if name in KINDS else name
