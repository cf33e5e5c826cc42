"""What made the newest score another than the one before, in the client's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from success.answers import why_it_changed
from success.dashboard.numbers import points_text, signed
from success.differences import Item, Kind, ScoreDifference


@dataclass(frozen=True)
class Change:
    what: str
    comes_from: str
    before: str
    after: str
    points: str


@dataclass(frozen=True)
class Changes:
    """`items` add up to `total`, the change from `first` to `last`; `why` says it in a sentence or two."""

    why: str
    since: date
    first: int | None
    last: int | None
    items: Sequence[Change]
    total: str


def changes_of(difference: ScoreDifference) -> Changes:
    return Changes(
        why=why_it_changed(difference),
        since=difference.before.period_end,
        first=difference.before.overall,
        last=difference.after.overall,
        items=[_change(item, difference) for item in difference.items],
        total=signed(difference.change),
    )


def _change(item: Item, difference: ScoreDifference) -> Change:
    return Change(
        what=_what(item, difference),
        comes_from=_comes_from(item.kind),
        before=points_text(item.before) if item.before is not None else "",
        after=points_text(item.after) if item.after is not None else "",
        points=signed(item.shown),
    )


def _what(item: Item, difference: ScoreDifference) -> str:
    if item.kind == Kind.ROUNDING:
        return _("Rounding to whole points")
    if item.component is None:
        versions = {"old": difference.before.policy.version, "new": difference.after.policy.version}
        return _("Scoring policy %(old)d became %(new)d") % versions
    title = str(item.component.label)
    if item.kind == Kind.NEWLY_MEASURED:
        return _("%(component)s, newly measured") % {"component": title}
    if item.kind == Kind.NO_LONGER_MEASURED:
        return _("%(component)s, no longer measured") % {"component": title}
    return title


def _comes_from(kind: Kind) -> str:
    return {
        Kind.POLICY: _("Changed rules"),
        Kind.BOTH: _("Changed rules and what happened"),
        Kind.ROUNDING: "",
    }.get(kind, _("What happened"))
