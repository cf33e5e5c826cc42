"""What clients choose on a page: categories of mail, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, User
from emails.categories import Category, Frequency
from emails.consent import Word, preferences_of, record_consent, record_consents
from emails.models import MailPreference
from emails.models.preferences import Source
from emails.signals import preferences_changed

ABOUT: Mapping[Category, str | Promise] = {
    Category.WEEKLY: _("How you are doing: your score, what changed, and a few hints."),
    Category.REMINDERS: _("When it has been quiet for a while, or when somebody could help you on."),
    Category.FEEDBACK: _("A short question now and then, never more than once in 90 days."),
}
# The others come when there is a reason, and not every week.
WITH_FREQUENCY = {Category.WEEKLY}


@dataclass(frozen=True, slots=True)
class Choice:
    """One category as it is shown. Nothing is ticked before the client was asked."""

    category: Category
    known: MailPreference | None

    @property
    def about(self) -> str | Promise:
        return ABOUT[self.category]

    @property
    def is_agreed(self) -> bool:
        return bool(self.known and self.known.is_agreed)

    @property
    def frequencies(self) -> list[tuple[Frequency, bool]]:
        """Those to choose from, each with whether it is chosen; none where there is nothing to choose."""
        if self.category not in WITH_FREQUENCY:
            return []
        chosen = self.known.frequency if self.known else Frequency.EVERY_WEEK
        return [(frequency, frequency == chosen) for frequency in Frequency]


def choices_of(client: Client) -> list[Choice]:
    """Needs the organization's scope."""
    return [Choice(category, known) for category, known in preferences_of(client).items()]


def save_choices(
    client: Client, form: Mapping[str, str], *, source: Source, at: datetime, actor: User | None = None
) -> None:
    """Take a form at its word, for every category; with `stop` none is wanted. Tells when something changed."""
    words = [
        Word(
            client.pk,
            category,
            is_given=category in form and "stop" not in form,
            at=at,
            frequency=_frequency(form.get(f"{category}-frequency", "")),
        )
        for category in Category
    ]
    if record_consents(client.organization_id, words, source=source, actor=actor):
        preferences_changed.send(sender=None, client=client)


def stop_category(client: Client, category: Category, *, source: Source, at: datetime) -> None:
    """Of one category no more. A mail program that asks for it by itself is no visit of the client: nothing is told."""
    has_changed = record_consent(client, category=category, is_given=False, source=source, at=at)
    if has_changed and source != Source.ONE_CLICK:
        preferences_changed.send(sender=None, client=client)


def _frequency(value: str) -> Frequency | None:
    return Frequency(value) if value in Frequency.values else None
