"""What a member is told after a step: how many took it, and who was first with the others."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from accounts.models import User
from health.alert_steps import Outcome, Reason, Refusal
from health.console.step_form import Step, name_of
from health.wording import who_took

MOST_NAMED = 3


def answer(step: Step, outcome: Outcome) -> str:
    return _done(step, outcome.changed)


def complaints(outcome: Outcome) -> Iterator[str]:
    """A sentence for each reason that some alerts did not take the step; none for those that were so already."""
    names = _names(outcome)
    by_reason: dict[Reason, list[Refusal]] = {}
    for refusal in outcome.refused.values():
        by_reason.setdefault(refusal.reason, []).append(refusal)
    for reason, refusals in by_reason.items():
        if reason in SENTENCES:
            yield str(SENTENCES[reason]) % {"count": len(refusals)} + _first_ones(refusals, names)


def _done(step: Step, count: int) -> str:
    texts: Mapping[Step, str] = {
        Step.ACKNOWLEDGE: ngettext("%d alert acknowledged.", "%d alerts acknowledged.", count),
        Step.ASSIGN: ngettext("%d alert assigned.", "%d alerts assigned.", count),
        Step.SNOOZE: ngettext("%d alert snoozed.", "%d alerts snoozed.", count),
        Step.WAKE: ngettext("%d alert woken.", "%d alerts woken.", count),
        Step.RESOLVE: ngettext("%d alert resolved.", "%d alerts resolved.", count),
        Step.REOPEN: ngettext("%d alert reopened.", "%d alerts reopened.", count),
        Step.NOTE: ngettext("Noted on %d alert.", "Noted on %d alerts.", count),
        Step.USEFUL: ngettext("%d alert marked as useful.", "%d alerts marked as useful.", count),
        Step.NOISE: ngettext("%d alert marked as noise.", "%d alerts marked as noise.", count),
    }
    return texts[step] % count


SENTENCES: Mapping[Reason, Any] = {
    Reason.ACKNOWLEDGED: lazy("Acknowledged before: %(count)d"),
    Reason.RESOLVED: lazy("Resolved before: %(count)d"),
    Reason.SUPERSEDED: lazy("Not reopened, as there is a newer one: %(count)d"),
    Reason.NOT_A_MEMBER: lazy("Not assigned, as this person is no member of the organization: %(count)d"),
    Reason.UNKNOWN: lazy("Not there any more: %(count)d"),
}


def _first_ones(refusals: list[Refusal], names: Mapping[int, str]) -> str:
    first = sorted((refusal.at, refusal.by_id or 0, refusal.key) for refusal in refusals if refusal.at)
    told = dict.fromkeys(
        _("%(name)s, %(time)s")
        % {
            "name": who_took(names.get(by_id, ""), key) or _("by itself"),
            "time": date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT"),
        }
        for at, by_id, key in first
    )
    return f" ({'; '.join([*told][:MOST_NAMED])}{'; …' if len(told) > MOST_NAMED else ''})" if told else ""


def _names(outcome: Outcome) -> dict[int, str]:
    ids = {refusal.by_id for refusal in outcome.refused.values() if refusal.by_id}
    return {user.pk: name_of(user) for user in User.objects.filter(pk__in=ids)} if ids else {}
