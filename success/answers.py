"""Why a score is what it is, and why it changed, in one or two plain sentences with exact points."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from success.dashboard.numbers import points_text
from success.differences import Item, Kind, ScoreDifference
from success.evaluation import two_decimals
from success.receipts import ComponentReceipt, Receipt

FULL = 100


def why_it_is(receipt: Receipt) -> str:
    """What the points come from, largest first, and where most of the missing ones are."""
    measured = [line for line in receipt.components if line.contribution is not None]
    if receipt.score.overall is None or not measured:
        return _("There is no score: nothing was measured yet.")
    giving = [line for line in measured if line.contribution]
    if not giving:
        return _("It is 0: nothing of what was measured has earned a point.")
    parts = [_with_points(line, line.contribution) for line in sorted(giving, key=_contribution, reverse=True)]
    text = (
        _("It is %(overall)d: %(parts)s, together %(mean)s.") if len(parts) > 1 else _("It is %(overall)d: %(parts)s.")
    )
    mean = points_text(receipt.shown_mean or Decimal(0))
    first = text % {"overall": receipt.score.overall, "parts": _listed(parts), "mean": mean}
    return " ".join(filter(None, [first, _what_is_missing(receipt, measured)]))


def why_it_changed(difference: ScoreDifference) -> str:
    """What took and what gave points, largest first; together exactly the change."""
    since = {"day": date_format(difference.before.period_end), "count": abs(difference.change)}
    if not difference.items:
        return _("Nothing has changed since %(day)s.") % since
    gave, took = _by_size(difference.items, sign=1), _by_size(difference.items, sign=-1)
    return f"{_headline(difference.change) % since} {_reasons(gave, took, falling=difference.change < 0)}"


def _headline(change: int) -> str:
    if not change:
        return _("It is the same as on %(day)s.")
    if change < 0:
        return ngettext(
            "It fell by %(count)d point since %(day)s.", "It fell by %(count)d points since %(day)s.", -change
        )
    return ngettext("It rose by %(count)d point since %(day)s.", "It rose by %(count)d points since %(day)s.", change)


def _reasons(gave: Sequence[Item], took: Sequence[Item], *, falling: bool) -> str:
    given, taken = _listed(map(_change, gave)), _listed(map(_change, took))
    if not taken:
        return _("Gained: %(given)s.") % {"given": given}
    if not given:
        return _("Lost: %(taken)s.") % {"taken": taken}
    text = _("Lost: %(taken)s. Gained: %(given)s.") if falling else _("Gained: %(given)s. Lost: %(taken)s.")
    return text % {"given": given, "taken": taken}


def _what_is_missing(receipt: Receipt, measured: Sequence[ComponentReceipt]) -> str:
    unmeasured = [str(line.component.label) for line in receipt.components if not line.measured]
    open_points = {line.component: _open(line, receipt) for line in measured}
    most = max(measured, key=lambda line: open_points[line.component])
    texts = []
    if open_points[most.component]:
        texts.append(
            _("Most is still to be had in %(part)s.") % {"part": _with_points(most, open_points[most.component])}
        )
    if unmeasured:
        text = ngettext("%(parts)s was not measured.", "%(parts)s were not measured.", len(unmeasured))
        texts.append(text % {"parts": _listed(unmeasured)})
    return " ".join(texts)


def _open(line: ComponentReceipt, receipt: Receipt) -> Fraction:
    """What a component could add to the score beyond what it does."""
    return Fraction(FULL * line.weight, receipt.score.coverage) - _contribution(line)


def _contribution(line: ComponentReceipt) -> Fraction:
    return line.contribution or Fraction(0)


def _with_points(line: ComponentReceipt, points: Fraction | None) -> str:
    return f"{line.component.label} ({points_text(two_decimals(points or Fraction(0)))})"


def _by_size(items: Iterable[Item], *, sign: int) -> list[Item]:
    return sorted((item for item in items if item.shown * sign > 0), key=lambda item: abs(item.shown), reverse=True)


def _change(item: Item) -> str:
    return f"{_name(item)} ({points_text(abs(item.shown))})"


def _name(item: Item) -> str:
    if item.kind == Kind.ROUNDING:
        return _("rounding to whole points")
    if item.component is None:
        return _("a new scoring policy")
    title = {"component": item.component.label}
    if item.kind == Kind.NEWLY_MEASURED:
        return _("%(component)s, newly measured") % title
    if item.kind == Kind.NO_LONGER_MEASURED:
        return _("%(component)s, no longer measured") % title
    return str(item.component.label)


def _listed(texts: Iterable[str]) -> str:
    return get_text_list(list(texts), _("and"))
