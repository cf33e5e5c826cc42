"""Insights in words, made of kind and evidence when they are read. Every number in a text stands in the evidence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from success.dashboard.numbers import whole
from success.models import Insight

Evidence = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InsightText:
    """`action_label` is empty where there is nowhere to go."""

    title: str
    body: str
    action_label: str


def text_of(insight: Insight) -> InsightText:
    """In the active language."""
    text = WRITERS[Insight.Kind(insight.kind)](insight.evidence)
    return text if insight.action_url else replace(text, action_label="")


def _weekly_summary(evidence: Evidence) -> InsightText:
    return InsightText(
        _("Your week, %(days)s") % {"days": _days(evidence)},
        " ".join(filter(None, [_activity(evidence), _done(evidence), _score(evidence)])),
        _("See why"),
    )


def _achievement(evidence: Evidence) -> InsightText:
    contents, visuals = _contents(evidence), _visuals(evidence)
    both = _("%(contents)s and %(visuals)s") % {"contents": contents, "visuals": visuals}
    things = both if contents and visuals else contents or visuals
    return InsightText(
        _("New work from you"),
        _("You made %(things)s between %(first)s and %(last)s.") % {"things": things, **_ends(evidence)},
        _("See how it counts"),
    )


def _recommendation(evidence: Evidence) -> InsightText:
    advice = _("Every active day counts towards your score; a short visit is enough.")
    return InsightText(
        _("A quiet week, %(days)s") % {"days": _days(evidence)},
        f"{_activity(evidence)} {advice}",
        _("Pick up where you left off"),
    )


def _milestone(evidence: Evidence) -> InsightText:
    return InsightText(
        _("Tasks completed"),
        _("You completed %(things)s between %(first)s and %(last)s.") % {"things": _tasks(evidence), **_ends(evidence)},
        _("See how it counts"),
    )


def _tip(evidence: Evidence) -> InsightText:
    numbers = {
        "day": _day(evidence["to"]),
        "done": whole(evidence["onboardingDone"]),
        "tasks": whole(evidence["onboardingTasks"]),
    }
    return InsightText(
        _("You are nearly set up"),
        _(
            "By the end of %(day)s, %(done)s of your %(tasks)s onboarding tasks were done. Each of them counts towards"
            " your score."
        )
        % numbers,
        _("See your tasks"),
    )


WRITERS: Mapping[Insight.Kind, Callable[[Evidence], InsightText]] = {
    Insight.Kind.WEEKLY_SUMMARY: _weekly_summary,
    Insight.Kind.ACHIEVEMENT: _achievement,
    Insight.Kind.RECOMMENDATION: _recommendation,
    Insight.Kind.MILESTONE: _milestone,
    Insight.Kind.TIP: _tip,
}


def _activity(evidence: Evidence) -> str:
    events, before = evidence["events"], evidence["eventsBefore"]
    if not events and not before:
        return _("There was no activity, as in the week before.")
    if not events:
        return _("There was no activity; %(before)s.") % {"before": _week_before(before)}
    days = evidence["activeDays"]
    return _("You were active %(days)s %(events)s; %(before)s.") % {
        "days": ngettext("on %(count)s day", "on %(count)s days", days) % {"count": whole(days)},
        "events": ngettext("with %(count)s event", "with %(count)s events", events) % {"count": whole(events)},
        "before": _week_before(before) if before else _("in the week before there was none"),
    }


def _week_before(events: int) -> str:
    text = ngettext(
        "in the week before there was %(count)s event", "in the week before there were %(count)s events", events
    )
    return text % {"count": whole(events)}


def _done(evidence: Evidence) -> str:
    things = [_contents(evidence), _visuals(evidence), _tasks(evidence)]
    return _("Done: %(things)s.") % {"things": ", ".join(filter(None, things))} if any(things) else ""


def _contents(evidence: Evidence) -> str:
    count = evidence["contentGenerated"]
    text = ngettext("%(count)s piece of content", "%(count)s pieces of content", count)
    return text % {"count": whole(count)} if count else ""


def _visuals(evidence: Evidence) -> str:
    count = evidence["visualsCreated"]
    return ngettext("%(count)s visual", "%(count)s visuals", count) % {"count": whole(count)} if count else ""


def _tasks(evidence: Evidence) -> str:
    count = evidence["tasksCompleted"]
    return ngettext("%(count)s task", "%(count)s tasks", count) % {"count": whole(count)} if count else ""


def _score(evidence: Evidence) -> str:
    overall, change = evidence["overall"], evidence["change"]
    if overall is None:
        return _("There was too little to measure a score.")
    if change is None:
        return _("Your score came to %(overall)s.") % {"overall": overall}
    if change == 0:
        return _("Your score came to %(overall)s, as before.") % {"overall": overall}
    if change > 0:
        text = ngettext(
            "Your score came to %(overall)s, %(points)s point more than before.",
            "Your score came to %(overall)s, %(points)s points more than before.",
            change,
        )
    else:
        text = ngettext(
            "Your score came to %(overall)s, %(points)s point less than before.",
            "Your score came to %(overall)s, %(points)s points less than before.",
            -change,
        )
    return text % {"overall": overall, "points": abs(change)}


def _days(evidence: Evidence) -> str:
    return _("%(first)s to %(last)s") % _ends(evidence)


def _ends(evidence: Evidence) -> dict[str, str]:
    return {"first": _day(evidence["from"]), "last": _day(evidence["to"])}


def _day(day: str) -> str:
    return _written_day(day, get_language())


@lru_cache(maxsize=1024)
def _written_day(day: str, _language: str) -> str:
    """Thousands of insights in a row are about the same few days."""
    return date_format(date.fromisoformat(day), "MONTH_DAY_FORMAT")
