"""What a replay says, in sentences and rows, and what it cannot know."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from health.models import Alert
from health.what_if.replaying import Replay, WhatIf

FEWEST_CLIENTS = 5
NOTES = (
    gettext_lazy(
        "Silence is exact, evaluated every hour, where its levels are a day or more: of each day only the first and the"
        " last activity are kept. Activity counts from when it happened, even if it was told late."
    ),
    gettext_lazy(
        "Score drop and churn risk are close: a score is taken to have come at 7:00 UTC of its day with the value it"
        " has now, and older scores are compared with as far as six weeks before those days."
    ),
    gettext_lazy(
        "Stalled tasks are not replayed exactly: only those that are stalled now are known, and since when; earlier"
        " updates are not kept."
    ),
    gettext_lazy(
        "That a client was paused or archived for a while is not known. A client who left counts until then; what"
        " members did with alerts does not count."
    ),
)


@dataclass(frozen=True, slots=True)
class KindRow:
    """How many alerts opened as a kind, and how many came to be of it; each for the new levels and those in force."""

    name: str
    opened: int
    opened_now: int
    reached: int
    reached_now: int


def sentences(replay: Replay) -> list[str]:
    """Of the new levels, beside those in force."""
    proposed, current = replay.outcomes
    return [
        _("In the last %(days)d days this would have opened %(new)s (the policy in force: %(old)s).")
        % {"days": replay.days, "new": _alerts(proposed, replay), "old": _alerts(current, replay)},
        *_caught(replay, proposed, current),
    ]


def rows(replay: Replay) -> list[KindRow]:
    proposed, current = replay.outcomes
    return [
        KindRow(
            str(kind.label),
            proposed.opened.get(kind, 0),
            current.opened.get(kind, 0),
            proposed.reached.get(kind, 0),
            current.reached.get(kind, 0),
        )
        for kind in Alert.Kind
    ]


def _alerts(outcome: WhatIf, replay: Replay) -> str:
    alerts = ngettext("%(n)s alert", "%(n)s alerts", outcome.alerts) % {"n": f"{outcome.alerts:,}"}
    return _("%(alerts)s on %(clients)s of %(all)s clients") % {
        "alerts": alerts,
        "clients": f"{outcome.clients:,}",
        "all": f"{replay.watched:,}",
    }


def _caught(replay: Replay, proposed: WhatIf, current: WhatIf) -> Sequence[str]:
    if not replay.churned:
        return [_("No client is marked as having left in that time, so it cannot be said whom it would have caught.")]
    caught = _("It would have caught %(new)s clients who left%(lead)s (the policy in force: %(old)s%(old_lead)s).") % {
        "new": _of(proposed.caught, replay.churned),
        "lead": _lead(proposed),
        "old": _of(current.caught, replay.churned),
        "old_lead": _lead(current),
    }
    if replay.churned >= FEWEST_CLIENTS:
        return [caught]
    return [caught, _("Not enough data: fewer than %(n)d clients left, so that is no more than chance.") % {
        "n": FEWEST_CLIENTS
    }]  # fmt: skip


def _of(caught: int, churned: int) -> str:
    return _("%(n)s of the %(k)s") % {"n": f"{caught:,}", "k": f"{churned:,}"}


def _lead(outcome: WhatIf) -> str:
    if outcome.lead_days is None or outcome.caught < FEWEST_CLIENTS:
        return ""
    days = f"{outcome.lead_days:.1f}".removesuffix(".0")
    return _(", %(days)s days before at the median") % {"days": days}
